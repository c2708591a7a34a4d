"""A pseudo-random order of any number of documents, in no memory: each place is computed when it is asked for."""

from collections.abc import Sequence

import numpy as np

ROUNDS = 6
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""Multipliers of SplitMix64's finalizer (Steele, Lea & Flood, OOPSLA 2014)."""


class Permutation:
    """A permutation of the numbers below `size`, drawn by a seed.

    A Feistel network permutes the pairs of two half words (Luby & Rackoff, 1988, doi:10.1137/0217022); a number that
    it sends out of the range is sent on until it is in it (cycle walking: Black & Rogaway, CT-RSA 2002).
    """

    def __init__(self, size: int, seed: Sequence[int]):
        """Draws the keys of the rounds."""
        self._size = size
        self._half_bits = np.uint64(max((max(size - 1, 1).bit_length() + 1) // 2, 1))
        self._mask = np.uint64((1 << int(self._half_bits)) - 1)
        self._keys = np.random.default_rng(seed).integers(2**64, size=ROUNDS, dtype=np.uint64)

    def __call__(self, start: int, stop: int) -> np.ndarray:
        """Returns which numbers are at the places from `start` to before `stop`, int64 [stop - start]."""
        numbers = self._network(np.arange(start, min(stop, self._size), dtype=np.uint64))
        while (outside := numbers >= self._size).any():
            numbers[outside] = self._network(numbers[outside])
        return numbers.astype(np.int64)

    def _network(self, numbers: np.ndarray) -> np.ndarray:
        left, right = numbers >> self._half_bits, numbers & self._mask
        for key in self._keys:
            left, right = right, left ^ (_mixed(right + key) & self._mask)
        return (left << self._half_bits) | right


def _mixed(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))
