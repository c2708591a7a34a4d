"""jieba's dictionary segmentation with stock TensorFlow operations, for all characters of a batch at once.

The words of a text are those whose product of probabilities is largest, in each run of characters that stand in words
(https://github.com/fxsj/jieba: cut with HMM=False). Runs are independent of each other. In steps:

1. From each character down the trie of the dictionary, a level at a time, wherever a word may still follow.
2. The best word at each place, from the end of each run to its beginning; all runs side by side.
3. The places that the best words lead to, from the beginning of each run.
4. Single letters and digits beside each other are one token.

Scores are added in float64 and in jieba's order, and of equally good words the longest wins, so that ties are as there.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from text.dictionary import Dictionary
from trainer.graph.characters import DICTIONARY, KINDS, LATIN

_CODE_BITS = 16
"""Of a code point that stands in words."""
_STEPS = 8
"""Of the best path in an iteration of the graph's loop, whose own operations take as long as a step's."""
_NONE = tf.float64.min
"""The score where no word is: the maximum of nothing."""


class _Runs(NamedTuple):
    """Characters that stand in words, in the order of the texts, and the runs that they form."""

    begins: tf.Tensor
    """Whether a run begins there, bool [characters]."""
    run: tf.Tensor
    """Number of the run that each character is in, int32 [characters]."""
    lengths: tf.Tensor
    """Int32 [runs]."""

    @property
    def ends(self) -> tf.Tensor:
        """The character after the run that each character is in, int32 [characters]."""
        return tf.gather(tf.cumsum(self.lengths), self.run)

    @property
    def longest(self) -> tf.Tensor:
        """How many characters the longest run has."""
        return tf.reduce_max(tf.concat([[0], self.lengths], 0))


class _Trie(NamedTuple):
    """A node for each beginning of a word, those of one character first; node 0 is of none."""

    edges: np.ndarray
    """What leads to each node but the first: the node before and the code point, side by side, int64 [nodes - 1]."""
    scores: np.ndarray
    """The logarithm of the probability of the word that each node is, float64 [nodes]."""
    longest: int
    """Characters of the longest word, at least 1."""


def _trie(dictionary: Dictionary) -> _Trie:
    """Builds the trie of the words that the segmenter can find, a character of all of them at a time."""
    words = dictionary.frequencies
    lengths = np.fromiter(map(len, words), np.int64)
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    begins = np.cumsum(lengths) - lengths
    alive = np.logical_and.reduceat(KINDS[np.minimum(codes, len(KINDS) - 1)] >= DICTIONARY, begins)
    known = _scores(dictionary)
    node_of = np.zeros_like(lengths)
    edges, scores, count, depth = [np.empty(0, np.int64)], [np.array([_NONE])], 1, 0
    while alive.any():
        begins, lengths, known, node_of = (of_words[alive] for of_words in (begins, lengths, known, node_of))
        level, place = np.unique(node_of << _CODE_BITS | codes[begins + depth], return_inverse=True)
        depth += 1
        whole, of_level = lengths == depth, np.full(len(level), _NONE)
        of_level[place[whole]] = known[whole]
        edges.append(level)
        scores.append(of_level)
        node_of, count, alive = count + place, count + len(level), ~whole
    return _Trie(np.concatenate(edges), np.concatenate(scores), max(depth, 1))


def _scores(dictionary: Dictionary) -> np.ndarray:
    """The logarithm of each word's probability, float64 [words].

    By Python's logarithm, as jieba does it, whose last bit may be another than NumPy's; of each frequency once.
    """
    frequencies, total = dictionary.frequencies.values(), math.log(dictionary.total)
    scores = {frequency: math.log(frequency) - total if frequency else _NONE for frequency in set(frequencies)}
    return np.fromiter(map(scores.__getitem__, frequencies), np.float64)


class GraphSegmenter(tf.Module):
    """Finds where the tokens of texts begin."""

    def __init__(self, dictionary: Dictionary):
        """Takes the dictionary as a table of the child of a node of its trie by a character."""
        super().__init__(name="segmenter")
        trie = _trie(dictionary)
        children = tf.lookup.KeyValueTensorInitializer(trie.edges, np.arange(1, len(trie.edges) + 1, dtype=np.int32))
        self.children = tf.lookup.StaticHashTable(children, default_value=0)
        first = np.zeros(1 << _CODE_BITS, np.int32)
        of_root = trie.edges[trie.edges < 1 << _CODE_BITS]
        first[of_root] = np.arange(1, len(of_root) + 1)
        self.first = tf.Variable(first, trainable=False, name="first")
        self.scores = tf.Variable(trie.scores, trainable=False, name="scores")
        self.unknown = -math.log(dictionary.total)
        self.longest = trie.longest

    def starts(self, codes: tf.Tensor, kind: tf.Tensor) -> tf.Tensor:
        """Returns whether a token begins at each character, bool [characters].

        Args:
            codes: code points of all texts in a row, white space after each, int32 [characters].
            kind: what kind of character each is, int32 [characters].
        """
        inside = kind >= DICTIONARY
        where = tf.where(inside)
        begins = tf.gather_nd(~tf.concat([[False], inside[:-1]], 0), where)
        run = tf.cumsum(tf.cast(begins, tf.int32)) - 1
        runs = _Runs(begins, run, tf.math.bincount(run))
        # With a zero, which no word has, in place of what ends a run, no word goes too far.
        sizes = self._best_sizes(runs, tf.where(inside, codes, 0), tf.cast(where[:, 0], tf.int32))
        starts = _reached(runs, sizes)
        alone = starts & (sizes == 1) & (tf.gather_nd(kind, where) == LATIN)
        joined = alone & tf.concat([[False], alone[:-1]], 0) & ~begins
        return tf.tensor_scatter_nd_update(~inside, where, starts & ~joined)

    def _best_sizes(self, runs: _Runs, walked: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """The size of the best word at each character, int32 [characters].

        Step j looks at the characters with j more behind them in their run; the runs that have so many come first. So
        memory is linear in the characters, and there are about as many steps as the longest run has characters.
        """
        deepest = (runs.longest + _STEPS - 1) // _STEPS * _STEPS
        ranks = tf.math.invert_permutation(tf.argsort(runs.lengths, direction="DESCENDING", stable=True))
        active = tf.cumsum(tf.math.bincount(runs.lengths, minlength=deepest + 1), reverse=True, exclusive=True)
        offsets = tf.cumsum(active, exclusive=True)
        behind = runs.ends - 1 - tf.range(tf.size(places))
        slots = tf.gather(offsets, behind) + tf.gather(ranks, runs.run)
        table = self._table(walked, places, slots)
        rows = tf.TensorArray(tf.float64, deepest, infer_shape=False, element_shape=[None, self.longest])
        rows = rows.split(table, active[:deepest])

        def steps(start, best, found):  # type: ignore[no-untyped-def]
            """`best` has the scores of what follows a word of each size, the longest first."""
            for j in range(_STEPS):
                words = rows.read(start + j)
                best = tf.slice(best, [0, 0], tf.shape(words))
                scores = words + best
                best = tf.concat([best[:, 1:], tf.reduce_max(scores, 1, keepdims=True)], 1)
                found = found.write(start + j, tf.argmax(scores, 1, output_type=tf.int32))
            return start + _STEPS, best, found

        nothing = tf.zeros([tf.size(runs.lengths), self.longest], tf.float64)
        *_, found = tf.while_loop(
            lambda j, *_: j < deepest,
            steps,
            [0, nothing, tf.TensorArray(tf.int32, deepest, infer_shape=False, element_shape=[None])],
            [tf.TensorShape([]), tf.TensorShape([None, self.longest]), tf.TensorShape(None)],
        )
        return self.longest - tf.gather(found.concat(), slots)

    def _table(self, walked: tf.Tensor, places: tf.Tensor, slots: tf.Tensor) -> tf.Tensor:
        """The score of the word of each size at each slot, longest first, float64 [characters, longest].

        Args:
            walked: code points, 0 after each run, int32 [some].
            places: where in there each character is, int32 [characters].
            slots: the row for each character, int32 [characters].
        """
        cells, scores = self._words(walked, places, slots * self.longest + self.longest - 1)
        scores = tf.math.unsorted_segment_max(scores, cells, tf.size(slots) * self.longest)
        table = tf.reshape(scores, [-1, self.longest])
        no_word = tf.reduce_max(table, 1, keepdims=True) == _NONE
        single = tf.where(no_word, tf.constant(self.unknown, tf.float64), table[:, -1:])
        return tf.concat([table[:, :-1], single], 1)

    def _words(self, walked: tf.Tensor, places: tf.Tensor, cells: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """All words of the dictionary: their cells in the table, and their scores.

        `cells` are those of the words of one character; the cell of a word one longer is the one before.
        """

        def level(depth, places, nodes, cells, all_nodes, all_cells):  # type: ignore[no-untyped-def]
            alive = tf.where(nodes > 0)[:, 0]
            places, nodes, cells = (tf.gather(of_level, alive) for of_level in (places, nodes, cells))
            all_nodes, all_cells = all_nodes.write(depth, nodes), all_cells.write(depth, cells)
            places += 1
            return depth + 1, places, self._children(nodes, tf.gather(walked, places)), cells - 1, all_nodes, all_cells

        arrays = [
            tf.TensorArray(tf.int32, 0, dynamic_size=True, infer_shape=False, element_shape=[None]) for _ in range(2)
        ]
        *_, all_nodes, all_cells = tf.while_loop(
            lambda _, places, *__: tf.size(places) > 0,
            level,
            [0, places, tf.gather(self.first, tf.gather(walked, places)), cells, *arrays],
            [tf.TensorShape([]), *[tf.TensorShape([None])] * 3, *[tf.TensorShape(None)] * 2],
        )
        return all_cells.concat(), tf.gather(self.scores, all_nodes.concat())

    def _children(self, nodes: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """The node that a character leads to from each node; 0 where there is none."""
        edges = tf.bitwise.left_shift(tf.cast(nodes, tf.int64), _CODE_BITS) | tf.cast(codes, tf.int64)
        return self.children.lookup(edges)


def _reached(runs: _Runs, sizes: tf.Tensor) -> tf.Tensor:
    """Which characters the words lead to from the beginning of their run, by pointer doubling, bool [characters]."""
    count = tf.size(sizes)
    after = tf.range(count) + sizes
    jumps = tf.concat([tf.where(after < runs.ends, after, count), [count]], 0)

    def double(distance, jumps, reached):  # type: ignore[no-untyped-def]
        """`jumps` lead over so many words; the first so many words of each run are reached."""
        further = tf.gather(jumps, reached)
        further = tf.gather(further, tf.where(further < count)[:, 0])
        return distance * 2, tf.gather(jumps, jumps), tf.concat([reached, further], 0)

    longest = runs.longest
    *_, reached = tf.while_loop(
        lambda distance, *_: distance < longest,
        double,
        [1, jumps, tf.cast(tf.where(runs.begins)[:, 0], tf.int32)],
        [tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None])],
    )
    return tf.scatter_nd(reached[:, None], tf.ones_like(reached, tf.bool), [count])
