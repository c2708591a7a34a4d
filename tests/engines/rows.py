"""An input with rows of every kind, and word lists: what all engines have to make the same corpus of."""

from pathlib import Path

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
