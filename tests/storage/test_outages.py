"""What an outage breaks off is done again until it is over or has lasted too long; nothing else is."""

from types import SimpleNamespace

import pytest

from storage import OutageError, StorageError, UnreachableError, outages, outlasting


class Storage:
    """Is in outage until a time, which passes while it is waited for."""

    def __init__(self, until: float, error: StorageError):
        self.now, self.asked = 0.0, 0
        self._until = until
        self._error = error

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def answer(self) -> int:
        self.asked += 1
        if self.now < self._until:
            raise self._error
        return 7


@pytest.fixture
def told() -> list[str]:
    return []


def of(monkeypatch: pytest.MonkeyPatch, until: float, error: StorageError) -> Storage:
    storage = Storage(until, error)
    monkeypatch.setattr(outages, "time", SimpleNamespace(monotonic=lambda: storage.now, sleep=storage.wait))
    return storage


@pytest.mark.parametrize("error", [OutageError("in safe mode.", "Wait."), UnreachableError("gone.")])
def test_an_outage_is_told_once_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, told: list[str], error: StorageError
) -> None:
    storage = of(monkeypatch, 30.0, error)
    assert outlasting(storage.answer, told.append) == 7
    assert storage.asked == 1 + 30.0 / outages.PAUSE_SECONDS
    assert told == [f"{error.found} This is tried again for 300 s."]


def test_an_outage_that_lasts_is_an_error_that_says_how_long(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> None:
    storage = of(monkeypatch, 1e9, OutageError("HDFS is in safe mode.", "Ask its administrator."))
    with pytest.raises(OutageError, match=r"^HDFS is in safe mode\. That was so for 300 s\. Ask its administrator\.$"):
        outlasting(storage.answer, told.append)
    assert storage.now == outages.OUTAGE_SECONDS
    assert len(told) == 1


def test_what_is_no_outage_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> None:
    storage = of(monkeypatch, 30.0, StorageError("Permission denied."))
    with pytest.raises(StorageError, match="Permission denied"):
        outlasting(storage.answer, told.append)
    assert (storage.asked, told) == (1, [])
