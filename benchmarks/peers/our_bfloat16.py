"""The same run of ours with `model.products` in bfloat16, for what that gains."""

from benchmarks.peers.our_executors import trained
from benchmarks.peers.protocol import REVIEWS, answer, task


def main() -> None:
    asked = task(__doc__)
    answer(*trained(asked.folder / REVIEWS, asked.epochs, {"model.products": "bfloat16"}))


if __name__ == "__main__":
    main()
