"""What `train.deterministic` costs: the reviews on two executors of one core each, with it and without, in turn.

python -m benchmarks.deterministic [--repeat N] [--epochs N]

Prints a line of JSON for each: documents/s from the second epoch on, and test accuracy.
"""

import argparse

from benchmarks import reviews
from benchmarks.peers.our_executors import trained
from benchmarks.peers.protocol import tell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3, help="at least 2: the first one is not timed")
    options = parser.parse_args()
    for number in range(1, options.repeat + 1):
        for name, deterministic in (("as it is", False), ("deterministic", True)):
            speed, accuracy = trained(reviews.FILE.absolute(), options.epochs, {"train.deterministic": deterministic})
            tell({f"{name} {number}, documents/s": round(speed), f"{name} {number}, test accuracy": accuracy})


if __name__ == "__main__":
    main()
