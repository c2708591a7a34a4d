"""A worker's memory besides its model: spools documents and goes through an epoch; prints the peak as JSON.

python -m benchmarks.memory DOCUMENTS

Only memory that belongs to the process counts; pages of mapped files are the system's to take back.
"""

import json
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from text.blocks import Block, Ragged
from trainer import batches
from trainer.spool import Spool

LENGTHS = (1, 127)
"""Tokens of a document; 64 in the mean."""
BLOCK = 512


def own_mib(process: int | str = "self") -> float:
    """Anonymous memory of a process; none of one that has just ended."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return sum(map(int, re.findall(r"RssAnon:\s+(\d+) kB", status))) / 1024


def main(documents: int) -> None:
    random = np.random.default_rng(1)
    with TemporaryDirectory() as folder:
        before = peak = own_mib()
        spool = Spool(Path(folder) / "spool", ("word",))
        for sequence in range(documents // BLOCK):
            lengths = random.integers(*LENGTHS, BLOCK, dtype=np.int32)
            ids = random.integers(2, 50_000, int(lengths.sum()), dtype=np.int32)
            block = Block("train", 0, sequence, np.zeros(BLOCK, np.int32), {"word": Ragged(lengths, ids)})
            spool.add(block.to_bytes())
            peak = max(peak, own_mib())
        share = spool.share("train")
        peak = max(peak, own_mib())
        steps = batches.steps(len(share), 256)
        for number, _ in enumerate(batches.epoch(share, size=256, seed=1, number=1, worker=0, count=steps)):
            if number % 64 == 0:
                peak = max(peak, own_mib())
    print(json.dumps({"documents": len(share), "peak_mib": peak - before}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
