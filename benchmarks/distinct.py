"""How many of a batch's distinct words half of it has, in batches of reviews of similar length: prints it as JSON.

python -m benchmarks.distinct [--batch 256]

Equal words of a batch share their products, so that two workers with half of a batch each compute more together than
one process with all of it: half over this share is the most that they can be of its speed, on as many cores.
"""

import argparse
import json
from itertools import chain
from random import Random

from benchmarks import reviews
from run.config import TextConfig
from text.preparation import Preparation
from text.segmenter import Segmenter

BATCHES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=256, help="documents (default: 256)")
    batch: int = parser.parse_args().batch
    preparation = Preparation.of(TextConfig(views=reviews.VIEWS), Segmenter(), lambda _: "train")
    documents = sorted((preparation.tokens(text)["word"] for text, _ in reviews.rows()), key=len)
    random = Random(1)
    whole = half = 0
    for _ in range(BATCHES):
        start = random.randrange(len(documents) - batch)
        chosen = random.sample(documents[start : start + batch], batch)
        whole += len(set(chain(*chosen)))
        half += len(set(chain(*chosen[: batch // 2])))
    print(json.dumps({"distinct words": whole / BATCHES, "of half": half / BATCHES, "share": half / whole}))


if __name__ == "__main__":
    main()
