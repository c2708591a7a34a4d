"""PyTorch: DistributedDataParallel over gloo in two processes of one core each, started by Spark's TorchDistributor."""

from pyspark.ml.torch.distributor import TorchDistributor

from benchmarks.peers.protocol import answer, task
from benchmarks.peers.spark import WORKERS, session
from benchmarks.peers.torch_model import train


def main() -> None:
    asked = task(__doc__)
    with session():
        processes = TorchDistributor(num_processes=WORKERS, local_mode=False, use_gpu=False)
        found = processes.run(train, asked.folder, asked.epochs)
    assert found is not None  # it is what the first process returns
    answer(*found)


if __name__ == "__main__":
    main()
