"""What a document of the reviews takes of an executor's Python, in this process without Spark; µs, as a line of JSON.

python -m benchmarks.documents [--view VIEW …] [--times 5]

"prepared" is a line of JSON parsed, checked, split and segmented; "encoded" its tokens, as Spark hands them on, looked
up and put into a block. Each is the least of some times, of the processor's time alone.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import get_args

import pyarrow as pa

from benchmarks import reviews
from run.config import DataConfig, TextConfig, View
from spark_driver.columns import ColumnEncoder, gathered
from text.encoding import in_blocks
from text.preparation import Preparation, Rejection, TokenizedDocument, split_rule
from text.records import fields_of_json
from text.segmenter import Segmenter

BATCH = 1_000
"""Documents that Spark hands to Python at once."""


def batches(documents: list[TokenizedDocument]) -> Iterator[pa.RecordBatch]:
    """Yields documents as Spark does."""
    for start in range(0, len(documents), BATCH):
        some = documents[start : start + BATCH]
        tokens = [[" ".join(tokens) for tokens in document.tokens.values()] for document in some]
        columns = {"split": [d.split for d in some], "label": [d.label for d in some], "tokens": tokens}
        yield pa.RecordBatch.from_pydict(columns)


def least(times: int, work: Callable[[], Iterable[object]]) -> float:
    """Returns the seconds of the processor that work takes, to its last result, at least."""
    seconds = []
    for _ in range(times):
        begun = time.process_time()
        for _ in work():
            pass
        seconds.append(time.process_time() - begun)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--view", nargs="+", default=reviews.VIEWS, choices=get_args(View))
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    data, text = DataConfig(input=str(reviews.FILE), format="jsonl"), TextConfig(views=tuple(options.view))
    lines = reviews.FILE.read_bytes().splitlines()
    preparation = Preparation.of(text, Segmenter(), split_rule(data))

    def prepared() -> Iterator[TokenizedDocument | Rejection]:
        return (preparation.outcome(data.input or "", line, lambda line: fields_of_json(line, data)) for line in lines)

    documents = [found for found in prepared() if isinstance(found, TokenizedDocument)]
    language = reviews.language(text, preparation.segmenter, documents)
    handed_on = list(batches(documents))

    def encoded() -> Iterator[bytes]:
        tables = map(ColumnEncoder(language).by_split, gathered(handed_on))
        return (block.to_bytes() for block in in_blocks(chain.from_iterable(tables), 0))

    found = {"prepared": least(options.times, prepared), "encoded": least(options.times, encoded)}
    print(json.dumps({name: round(1e6 * seconds / len(lines), 1) for name, seconds in found.items()}))


if __name__ == "__main__":
    main()
