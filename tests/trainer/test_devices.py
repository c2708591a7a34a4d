"""A worker has the GPU that it was promised, or says at once that it has not."""

import pytest
import tensorflow as tf

from trainer import devices
from trainer.errors import DeviceError
from trainer.place import Place


def test_a_worker_says_what_it_was_promised_and_what_it_has(capfd: pytest.CaptureFixture[str]) -> None:
    devices.take(Place(worker=1, workers=2, cores=1))
    assert "worker 1 of 2: promised no GPU; TensorFlow sees " in capfd.readouterr().err


def test_a_gpu_that_was_promised_and_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda _: [])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-7")
    with pytest.raises(DeviceError, match=r"promised GPU-7.*sees no GPU.*tensorflow\[and-cuda\].*VISIBLE.* is 'GPU-7'"):
        devices.take(Place(worker=0, workers=2, cores=1, gpus=("GPU-7",)))


def test_a_worker_takes_one_gpu_only() -> None:
    with pytest.raises(DeviceError, match=r"trains on one GPU\. Received: GPU-1, GPU-2\."):
        devices.take(Place(worker=0, workers=2, cores=1, gpus=("GPU-1", "GPU-2")))


def test_a_gpu_multiplies_as_a_cpu_does() -> None:
    tf.config.experimental.enable_tensor_float_32_execution(True)
    devices.take(Place(worker=0, workers=1, cores=1))
    assert not tf.config.experimental.tensor_float_32_execution_enabled()
