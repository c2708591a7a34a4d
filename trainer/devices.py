"""The GPU of a worker: taken if it is there, and an error if it was promised and is not."""

import os
import sys

import tensorflow as tf

from trainer.errors import DeviceError
from trainer.place import Place


def take(place: Place) -> None:
    """Says what this worker was promised and what TensorFlow sees, and lets it take a GPU's memory as it needs it.

    Must come before anything of TensorFlow that runs.

    Raises:
        DeviceError: the worker was promised a GPU that TensorFlow does not see, or more than one.
    """
    seen = tf.config.list_physical_devices("GPU")
    promised = ", ".join(place.gpus) or "no GPU"
    sees = ", ".join(gpu.name for gpu in seen) or "no GPU"
    print(f"worker {place.worker} of {place.workers}: promised {promised}; TensorFlow sees {sees}", file=sys.stderr)
    if len(place.gpus) > 1:
        raise DeviceError(
            f"A worker trains on one GPU. Received: {promised}. Set spark.executor.resource.gpu.amount and "
            "spark.task.resource.gpu.amount to 1, and spark.executor.instances to the number of GPUs."
        )
    if len(seen) < len(place.gpus):
        raise DeviceError(
            f"This worker was promised {promised}, and TensorFlow {tf.__version__} sees no GPU. Check that its Python "
            "has tensorflow[and-cuda] (tensorflow-cpu has no GPUs), that nvidia-smi lists the GPU on its node, and "
            "that the node's driver is new enough. "
            f"CUDA_VISIBLE_DEVICES is {os.environ.get('CUDA_VISIBLE_DEVICES')!r}; its log tells what TensorFlow tried."
        )
    for gpu in seen:
        tf.config.experimental.set_memory_growth(gpu, True)
    multiply_in_float32()


def multiply_in_float32() -> None:
    """Lets a GPU multiply in float32, as a CPU does.

    By itself TensorFlow takes the GPU's TensorFloat-32, whose products have 10 bits behind the point: a model's answers
    are then a hundred times further from those of a CPU than its golden examples allow.
    """
    tf.config.experimental.enable_tensor_float_32_execution(False)
