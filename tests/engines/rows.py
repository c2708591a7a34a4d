"""Inputs with rows that cannot be used, and word lists: what all engines have to make the same corpus of."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from run.config import DataConfig, RunConfig, TextConfig

TEXTS = ["这本书很好看", "内容不好", "5G手机很好", "服务很差", "C++ 很难", "南京市长江大桥", "T恤不错", "房间很小"]
GOOD = [f"{'好评' if number % 3 else '差评'}\t{text}{number}" for number in range(40) for text in TEXTS]
UNSEEN = [f"只有一行 {number}\t{text}很好" for number, text in enumerate(TEXTS)]
BAD = ["", "一列", "多\t了\t一列", "好评\t", "\t没有标签", "好\x00评\t控制字符", "好评\t \xa0\u3000"]
LINES = (
    b"".join(f"{line}\r\n".encode() for line in ("label\ttext", *GOOD[:100], *BAD, *GOOD[100:], *UNSEEN))
    + b"\xff\xfe\t\xff\n\xe5\xa5\xbd\xe8\xaf\x84\t\xe4\xb8\n"
)
REASONS = {
    "wrong number of columns": 3,
    "empty text": 2,
    "no label": 1,
    "label has a control character": 1,
    "not UTF-8": 2,
}
REVIEWS = Path("build/reviews.jsonl")
NO_TNEWS = "TNEWS does not name the folder of train.tsv and dev.tsv"
WORDS, STOP_WORDS = "很好看 1000\n", "的\n很\n"


def write(folder: Path) -> dict[str, Path]:
    """Writes the input and the word lists, each by the key that names it."""
    files = {"data.input": "rows.tsv", "text.user_dictionary": "words.txt", "text.stop_words": "stop_words.txt"}
    contents = (b"\xef\xbb\xbf" + LINES, WORDS.encode(), STOP_WORDS.encode())
    for name, content in zip(files.values(), contents, strict=True):
        (folder / name).write_bytes(content)
    return {key: folder / name for key, name in files.items()}


def config(files: dict[str, Path], max_bad_fraction: float = 0.9) -> RunConfig:
    """The run that prepares them."""
    return RunConfig(
        name="rows",
        data=DataConfig(
            input=str(files["data.input"]), format="tsv", test_fraction=0.3, max_bad_fraction=max_bad_fraction
        ),
        text=TextConfig(
            views=("word", "char", "char2"),
            user_dictionary=str(files["text.user_dictionary"]),
            stop_words=str(files["text.stop_words"]),
            vocabulary_size=60,
            max_length=6,
        ),
    )


def every_kind(folder: Path) -> RunConfig:
    """Rows of every kind that cannot be used among others, and the run that prepares them."""
    return config(write(folder))


def reviews(folder: Path) -> RunConfig:
    """A sample of the reviews."""
    lines = REVIEWS.read_bytes().splitlines()[::60]
    bad = [b'{"text": "\xff"}', "没有 JSON".encode(), *map(_json, ({"text": "没有标签"}, {"text": " ", "label": "x"}))]
    unseen = [_json({"text": f"只有一行的{text}", "label": f"标签{text}"}) for text in TEXTS]
    (folder / "reviews.jsonl").write_bytes(b"\n".join([*lines[:300], *bad, *lines[300:], *unseen]))
    return replace(
        config(write(folder)),
        data=DataConfig(input=str(folder / "reviews.jsonl"), format="jsonl", test_fraction=0.3, max_bad_fraction=0.1),
    )


def tnews(folder: Path) -> RunConfig:
    """A sample of TNEWS, with a test of its own."""
    bad = ["", "一列", "\tnews_story", "没有标签\t", "三\t列\tnews_story"]
    for name, more in (("train.tsv", bad), ("dev.tsv", [*bad, "从未见过\tnews_unseen"])):
        lines = Path(os.environ["TNEWS"], name).read_text(encoding="utf-8").split("\n")[:4_000:10]
        (folder / name).write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    data = DataConfig(
        train=str(folder / "train.tsv"),
        test=str(folder / "dev.tsv"),
        format="tsv",
        columns=("text", "label"),
        max_bad_fraction=0.1,
    )
    return replace(config(write(folder)), data=data)


INPUTS = [
    pytest.param(every_kind, id="every kind of row"),
    pytest.param(reviews, id="reviews", marks=pytest.mark.skipif(not REVIEWS.exists(), reason=f"make {REVIEWS}")),
    pytest.param(tnews, id="TNEWS", marks=pytest.mark.skipif("TNEWS" not in os.environ, reason=NO_TNEWS)),
]


def _json(row: dict[str, str]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()
