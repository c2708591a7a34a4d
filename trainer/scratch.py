"""Where what a worker uses makes its temporary files: in a folder of the worker's own, and not in the machine's.

TensorFlow leaves the code that it makes of Python functions, and multiprocessing the folders of its sockets: they are
removed when Python ends, and a worker's processes end by a signal, or by `os._exit` where they were forked.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def temporary_files_in(folder: str) -> Iterator[None]:
    """Lets `tempfile` make its files and folders in a folder, by paths that begin with its name as it is given."""
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before
