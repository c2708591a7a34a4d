"""TensorFlow as a worker imports it."""

import subprocess
import sys

LEAN = """
import gc, sys
from trainer.importing import OPTIONAL, lean
with lean():
    from trainer import worker
assert not {*OPTIONAL} & {*sys.modules}, {*OPTIONAL} & {*sys.modules}
assert gc.isenabled()
import matplotlib, pandas
"""


def test_a_worker_does_not_import_what_tensorflow_can_do_without_and_can_import_it_afterwards() -> None:
    subprocess.run([sys.executable, "-c", LEAN], check=True, timeout=120)
