"""Outages of HDFS: what fails of one is tried again until it is over, or has lasted too long."""

import time
from collections.abc import Callable
from typing import TypeVar

from storage.errors import OutageError

OUTAGE_SECONDS = 300.0
"""How long an outage may last: a NameNode that starts again has to read its image and hear from its DataNodes."""
PAUSE_SECONDS = 5.0

Answer = TypeVar("Answer")


def _nobody(_: str) -> None: ...


def outlasting(act: Callable[[], Answer], tell: Callable[[str], object] = _nobody) -> Answer:
    """Does something on a storage, and does it again where an outage has broken it off.

    Args:
        act: what can be done again after it was done by half.
        tell: told once that there is an outage.

    Raises:
        OutageError: it has lasted for `OUTAGE_SECONDS`.
    """
    begun, told = time.monotonic(), False
    while True:
        try:
            return act()
        except OutageError as error:
            if time.monotonic() - begun >= OUTAGE_SECONDS:
                raise type(error)(f"{error.found} That was so for {OUTAGE_SECONDS:.0f} s.", error.remedy) from error
            if not told:
                tell(f"{error.found} This is tried again for {OUTAGE_SECONDS:.0f} s.")
                told = True
        time.sleep(PAUSE_SECONDS)  # nothing tells when it is over
