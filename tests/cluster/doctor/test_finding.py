"""How findings are told, and errors among them."""

from collections.abc import Generator, Iterator

from cluster.doctor.finding import Finding, failed, guarded, ok, warning
from cluster.errors import YarnError


def drained(generator: Generator[Finding, None, bool]) -> tuple[list[Finding], bool]:
    """All findings, and what the generator returns."""
    found = []
    while True:
        try:
            found.append(next(generator))
        except StopIteration as end:
            return found, end.value


def test_a_line_with_its_remedy_below() -> None:
    assert str(ok("Java", "17")) == "ok       Java               17"
    lines = str(failed("queue", "none", "Set queue.")).splitlines()
    assert [line.index(word) for line, word in zip(lines, ("none", "Set"), strict=True)] == [28, 28]


def test_warnings_let_a_launch_go_on_and_failures_do_not() -> None:
    assert drained(guarded("x", [ok("a", "1"), warning("b", "2", "!")]))[1] is True
    found, well = drained(guarded("x", [failed("a", "1", "!"), ok("b", "2")]))
    assert (len(found), well) == (2, False)


def test_an_error_becomes_a_finding_of_one_short_line() -> None:
    def findings() -> Iterator[Finding]:
        yield ok("a", "1")
        raise YarnError("no\nanswer " + "word " * 100, "Do this.")

    found, well = drained(guarded("HDFS", findings()))
    assert not well
    assert found[0] == ok("a", "1")
    assert (found[1].verdict, found[1].what, found[1].remedy) == ("failed", "HDFS", "Do this.")
    assert found[1].found.startswith("no answer word")
    assert len(found[1].found) <= 200
