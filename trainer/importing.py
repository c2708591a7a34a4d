"""TensorFlow in half of the time and two thirds of the memory that its import takes: see `lean`."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OPTIONAL = ("IPython", "jax", "matplotlib", "pandas", "scipy", "sklearn")
"""What TensorFlow and Keras import where they find it, each for functions that nothing here calls."""


@contextmanager
def lean() -> Iterator[None]:
    """Lets TensorFlow and Keras be imported as where the `OPTIONAL` packages are not installed.

    For a process that does no more than train or serve a model; what else it imports afterwards, it finds. Meanwhile no
    garbage is collected, as there is hardly any, and afterwards no collection looks through what was imported.
    """
    hidden = dict.fromkeys(name for name in OPTIONAL if name not in sys.modules)
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None: an import does not find it
    gc.disable()
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        gc.enable()
