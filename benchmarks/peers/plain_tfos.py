"""Plain TensorFlowOnSpark, as its examples do it, on two executors of one core each.

Records come one by one through InputMode.SPARK, a generator makes a data set of them, and legacy Keras' `fit` trains
under MultiWorkerMirroredStrategy. It stops at 90 % of the steps: workers that run out of records before the end wait
for ever.
"""

import json
from pathlib import Path
from typing import Any

from tensorflowonspark import TFCluster, TFNode

from benchmarks.peers.protocol import BATCH, answer, read, task
from benchmarks.peers.spark import WORKERS, session

SHARE = 0.9
"""Of the steps that the records would suffice for."""
GRACE_SECONDS = 10
"""How long the workers may take after their last record: what takes longer is cut off."""


def main_fun(args: dict[str, Any], ctx: Any) -> None:
    """What each worker does."""
    import tensorflow as tf
    import tf_keras

    from benchmarks.peers.keras_model import accuracy_of_best, keeper, stopwatch, textcnn
    from benchmarks.peers.protocol import LENGTH, from_second_epoch, read

    tf.config.threading.set_intra_op_parallelism_threads(1)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    feed = TFNode.DataFeed(ctx.mgr)

    def records() -> Any:
        while not feed.should_stop():
            yield from feed.next_batch(1)

    kinds = (tf.TensorSpec([LENGTH], tf.int32), tf.TensorSpec([], tf.int32))
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    batches = tf.data.Dataset.from_generator(records, output_signature=kinds).batch(BATCH).with_options(options)
    encoded = read(args["folder"])
    with strategy.scope():
        model = textcnn(tf_keras, encoded.tokens, encoded.classes)
    clock, kept, steps = stopwatch(tf_keras), keeper(tf_keras), int(SHARE * len(encoded.train) / BATCH)
    model.fit(batches, epochs=args["epochs"], steps_per_epoch=steps, callbacks=[clock, kept], verbose=0)
    if ctx.job_name == "chief":
        accuracy = accuracy_of_best(tf_keras, encoded, kept.weights)
        found = [from_second_epoch(steps * BATCH, clock.seconds), accuracy]
        Path(args["result"]).write_text(json.dumps(found), encoding="utf-8")
    feed.terminate()


def main() -> None:
    asked = task(__doc__)
    train = read(asked.folder).train
    result = asked.folder / "plain_tfos.json"
    result.unlink(missing_ok=True)
    args = {"folder": asked.folder, "epochs": asked.epochs, "result": result}
    with session() as spark:
        context = spark.sparkContext
        rows = context.parallelize(list(zip(train.ids.tolist(), train.labels.tolist(), strict=True)), WORKERS)
        cluster = TFCluster.run(
            context, main_fun, args, WORKERS, 0, input_mode=TFCluster.InputMode.SPARK, master_node="chief"
        )
        cluster.train(rows.cache(), asked.epochs)
        cluster.shutdown(grace_secs=GRACE_SECONDS)
    answer(*json.loads(result.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
