"""The same run of ours with `train.deterministic`, for what that costs."""

from benchmarks.peers.our_executors import trained
from benchmarks.peers.protocol import REVIEWS, answer, task


def main() -> None:
    asked = task(__doc__)
    answer(*trained(asked.folder / REVIEWS, asked.epochs, {"train.deterministic": True}))


if __name__ == "__main__":
    main()
