"""A log in parts, with local disks for HDFS: when it is written, and what a reader sees between two steps."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import cycle, islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage import StorageError
from tests.storage.contract import LogInPartsContract

LINE = st.binary(max_size=20).map(lambda line: line.replace(b"\n", b""))


class Clock:
    """A clock that goes on when it is told to, and timers that go by it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._timers: list[tuple[float, Callable[[], None]]] = []

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self._timers if timer[0] <= end]:
            timer = min(due, key=lambda timer: timer[0])
            self._timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = max(self.now, end)

    def timer(self, seconds: float, function: Callable[[], None]) -> SimpleNamespace:
        """What stands for the class `Timer`."""
        timer = self.now + seconds, function

        def cancel() -> None:
            with suppress(ValueError):
                self._timers.remove(timer)

        return SimpleNamespace(start=lambda: self._timers.append(timer), cancel=cancel)

    def rules(self, patch: pytest.MonkeyPatch) -> "Clock":
        """Has logs go by this clock."""
        patch.setattr("storage.log.time", SimpleNamespace(monotonic=lambda: self.now))
        patch.setattr("storage.log.Timer", self.timer)
        return self


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes logs on local disks lie in parts as those on HDFS do."""
    monkeypatch.setattr("storage.log.is_local", lambda _: False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The log's clock."""
    return Clock().rules(monkeypatch)


@pytest.fixture
def root(in_parts: None, tmp_path: Path) -> str:  # noqa: ARG001
    return str(tmp_path)


class TestLogInParts(LogInPartsContract):
    """A log in parts on local disks."""


def test_the_last_part_is_written_every_two_seconds_at_most(root: str, clock: Clock) -> None:
    log = storage.Log(f"{root}/log")
    written = []
    for number in range(12):
        log.add(b"%d" % number)
        written.append(storage.size(f"{root}/log.parts/000000"))
        clock.wait(0.5)
    assert written == [2, 2, 2, 2, 8, 8, 8, 8, 16, 16, 16, 16]


def test_a_line_that_nothing_follows_is_written_too(root: str, clock: Clock) -> None:
    log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
    log.add(b"first")
    log.add(b"second")
    assert list(reader.lines()) == [b"first"]
    clock.wait(2)
    assert list(reader.lines()) == [b"second"]


def test_a_line_that_comes_after_the_end_is_written_too(root: str, clock: Clock) -> None:
    log = storage.Log(f"{root}/log")
    log.add(b"first")
    log.add(b"second")
    log.close()
    log.add(b"third")
    clock.wait(2)
    assert list(storage.LogReader(f"{root}/log").lines()) == [b"third"]
    log.close()
    assert storage.read(f"{root}/log") == b"first\nsecond\nthird\n"


def test_an_hdfs_that_is_slow_is_written_a_tenth_of_the_time(
    root: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def slow(uri: str, data: bytes) -> None:
        begun.append(clock.now)
        clock.wait(3)
        storage.write(uri, data)

    monkeypatch.setattr("storage.log.write", slow)
    log = storage.Log(f"{root}/log")
    for _ in range(100):
        log.add(b"line")
        clock.wait(1)
    assert [later - earlier for earlier, later in pairwise(begun)] == [30, 30, 30]


def test_a_part_that_is_full_is_not_written_again(root: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.log.PART_BYTES", 10)
    written = []

    def write(uri: str, data: bytes) -> None:
        written.append((uri[-1], len(data)))
        storage.write(uri, data)

    monkeypatch.setattr("storage.log.write", write)
    log = storage.Log(f"{root}/log")
    for _ in range(5):
        log.add(b"four")
        clock.wait(2)
    assert written == [("0", 5), ("0", 10), ("1", 5), ("1", 10), ("2", 5)]


def test_lines_that_are_refused_are_written_with_a_later_one(
    root: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str, __: bytes) -> None:
        raise StorageError("HDFS is in safe mode")

    log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
    with monkeypatch.context() as safe_mode:
        safe_mode.setattr("storage.log.write", refuse)
        log.add(b"first")
        clock.wait(2)
        log.add(b"second")
        assert list(reader.lines()) == []
        with pytest.raises(StorageError, match="safe mode"):
            log.close()
    clock.wait(2)
    log.add(b"third")
    assert list(reader.lines()) == [b"first", b"second", b"third"]
    log.close()
    assert storage.read(f"{root}/log") == b"first\nsecond\nthird\n"


def test_a_log_that_nobody_has_closed_is_gone_on_with(root: str) -> None:
    storage.Log(f"{root}/log").add(b"first")
    reader = storage.LogReader(f"{root}/log")
    assert list(reader.lines()) == [b"first"]
    log = storage.Log(f"{root}/log")
    log.add(b"second")
    assert list(reader.lines()) == [b"second"]
    log.close()
    assert storage.read(f"{root}/log") == b"first\nsecond\n"


def test_a_part_that_cannot_be_read_is_an_error_unless_it_has_become_one_file(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(uri: str, offset: int) -> bytes:
        if "parts" in uri:
            raise StorageError(f"{uri} has gone")
        return storage.read(uri, offset)

    log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
    log.add(b"first")
    monkeypatch.setattr("storage.log.read", gone)
    with pytest.raises(StorageError, match="000000 has gone"):
        list(reader.lines())
    storage.write(f"{root}/log", b"first\nsecond\n")
    assert list(reader.lines()) == [b"first", b"second"]


@settings(max_examples=500)
@given(
    lines=st.lists(st.tuples(LINE, st.sampled_from([0, 2])), min_size=5, max_size=25),
    turns=st.lists(st.integers(0, 4), min_size=3, max_size=20),
    part_bytes=st.integers(1, 40),
    local=st.booleans(),
)
def test_lines_come_out_once_and_in_order_whatever_is_written_between_two_steps_of_the_reader(
    lines: list[tuple[bytes, int]], turns: list[int], part_bytes: int, local: bool
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        clock = Clock().rules(patch)
        patch.setattr("storage.log.PART_BYTES", part_bytes)
        patch.setattr("storage.log.is_local", lambda _: local)
        log, reader = storage.Log(f"{folder}/log"), storage.LogReader(f"{folder}/log")

        def add(line: bytes, seconds: int) -> None:
            clock.wait(seconds)
            log.add(line)

        steps: list[Callable[[], None]] = [*(partial(add, *line) for line in lines), log.close]
        left, turn = iter(steps), cycle(turns)

        def after_some_steps(ask: Callable[..., object]) -> Callable[..., object]:
            def asked(*args: object) -> object:
                for step in islice(left, next(turn)):
                    step()
                return ask(*args)

            return asked

        for name in ("exists", "size", "read"):
            patch.setattr(f"storage.log.{name}", after_some_steps(getattr(storage, name)))
        expected, seen = [line for line, _ in lines], list(reader.lines())
        for step in left:
            step()
            seen += reader.lines()
            assert seen == expected[: len(seen)]
        seen += reader.lines()
        assert seen == expected
