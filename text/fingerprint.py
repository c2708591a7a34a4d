"""What a document is known by from run to run, whoever has encoded it."""

from hashlib import blake2b

import numpy as np

from text.vocabulary import PADDING

KEPT = 10_000
"""Test documents that are kept, those with the smallest fingerprints: the same in each run on the same documents."""
FINGERPRINT_BYTES = 6
"""What a float64 holds exactly, which is what workers exchange."""


def fingerprint(ids: np.ndarray) -> int:
    """Returns a hash of a document's token ids.

    Args:
        ids: of its first view, with or without padding, int32 [tokens].
    """
    return int.from_bytes(blake2b(ids[ids != PADDING].tobytes(), digest_size=FINGERPRINT_BYTES).digest(), "big")
