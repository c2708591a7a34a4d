"""Cuts Chinese text into tokens: jieba's dictionary segmentation, without its hidden Markov model."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from text.dictionary import Dictionary
from text.errors import SegmenterError

if TYPE_CHECKING:
    import jieba


@dataclass(frozen=True)
class Segmenter:
    """Segments texts. Small, so that it travels to every executor; the dictionary is loaded at first use.

    The hidden Markov model stays off: its words depend on the implementation, the dictionary's do not.
    """

    user_dictionary: tuple[str, ...] = ()
    """Lines of a user dictionary: word, optionally frequency, optionally tag."""

    stop_words: frozenset[str] = field(default_factory=frozenset)
    """Tokens to leave out."""

    use_rjieba: bool | None = None
    """Insist on rjieba (True) or on jieba (False); by default rjieba where it is installed."""

    def __post_init__(self) -> None:
        """Checks the user dictionary, so that a mistake in it shows before the segmenter travels.

        Raises:
            SegmenterError: a line is not of its form.
        """
        self._words  # noqa: B018 - evaluated for its errors

    def tokens(self, text: str) -> list[str]:
        """Returns the tokens of a text in order, without white space and stop words."""
        tokens, stop_words = self._cut(text), self.stop_words
        if text.split(maxsplit=1) != [text]:  # most have no white space, and need no look at each token
            tokens = [token for token in tokens if not token.isspace()]
        return [token for token in tokens if token not in stop_words] if stop_words else tokens

    def dictionary(self) -> Dictionary:
        """Returns the words that it knows, those of the user dictionary among them."""
        if not self._words:
            return _jieba_dictionary()
        tokenizer = _jieba(tuple(self._words))
        return Dictionary(tokenizer.FREQ, tokenizer.total)

    @property
    def _words(self) -> list[tuple[str, int | None]]:
        return [_entry(number, line) for number, line in enumerate(self.user_dictionary, 1) if line.strip()]

    @cached_property
    def _cut(self) -> Callable[[str], list[str]]:
        # rjieba cannot take a user dictionary as jieba does (word by word, with suggested frequencies).
        if self.user_dictionary or self.use_rjieba is False:
            return _cut_by(_jieba(tuple(self._words)))
        try:
            import rjieba
        except ImportError:
            if self.use_rjieba:
                raise
            return _cut_by(_jieba(()))
        return lambda text: rjieba.cut(text, hmm=False)

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k != "_cut"}


@lru_cache(maxsize=4)
def _jieba(words: tuple[tuple[str, int | None], ...]) -> "jieba.Tokenizer":
    """Loads jieba with further words, once for a process: it takes a second, and a process has many tasks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it imports the deprecated pkg_resources
        import jieba

    jieba.setLogLevel("WARNING")
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True  # not through jieba's cache file, for which processes would race
    for word, frequency in words:
        tokenizer.add_word(word, frequency)
    return tokenizer


@lru_cache(maxsize=1)
def _jieba_dictionary() -> Dictionary:
    """Reads jieba's words without loading jieba, which takes several times as long and adds their beginnings."""
    package = find_spec("jieba")
    assert package is not None
    assert package.origin is not None
    frequencies: dict[str, int] = {}
    total = 0
    with Path(package.origin).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, frequency, _ = line.split(" ", 2)
            frequencies[word] = int(frequency)
            total += frequencies[word]
    return Dictionary(frequencies, total)


def _cut_by(tokenizer: "jieba.Tokenizer") -> Callable[[str], list[str]]:
    return lambda text: tokenizer.lcut(text, HMM=False)


def _entry(number: int, line: str) -> tuple[str, int | None]:
    """Returns word and frequency of a line of a user dictionary."""
    word, *rest = line.split()
    if not rest or (len(rest) == 1 and re.fullmatch("[a-z]+", rest[0])):
        return word, None
    if not rest[0].isdecimal():
        raise SegmenterError(
            f"line {number} of the user dictionary: a word is followed by its frequency, a whole number, "
            f"and its tag. Received: {line!r}"
        )
    return word, int(rest[0])


def lines(content: str) -> list[str]:
    """Returns the lines of a word list, stripped, without empty ones."""
    return [line.strip() for line in content.splitlines() if line.strip()]
