"""What is said of executors that are there, and of those that are not."""

from types import SimpleNamespace
from typing import Any

import pytest

from spark_driver.errors import ClusterStartError
from spark_driver.executors import check_registered, gone, lost


class Items(list[Any]):
    """A Scala sequence, as Py4J shows it."""

    def size(self) -> int:
        return len(self)

    def apply(self, number: int) -> Any:
        return self[number]


def executor(name: str, reason: str | None = "", active: bool = True) -> Any:
    """An executor as Spark's store has it."""
    why = SimpleNamespace(isDefined=lambda: bool(reason), get=lambda: reason)
    return SimpleNamespace(
        id=lambda: name, hostPort=lambda: f"node-{name}:1", isActive=lambda: active, removeReason=lambda: why
    )


def context_of(*executors: Any) -> Any:
    """A context whose store has the driver and these."""
    store = SimpleNamespace(executorList=lambda _: Items([executor("driver"), *executors]))
    return SimpleNamespace(_jsc=SimpleNamespace(sc=lambda: SimpleNamespace(statusStore=lambda: store)))


TWO_OF_THREE = (executor("1"), executor("2", "Container killed\n by YARN", active=False), executor("3"))


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_as_many_as_are_wanted_or_more_are_enough(wanted: int) -> None:
    check_registered(context_of(*TWO_OF_THREE), wanted)


def test_one_that_is_missing_is_told_with_those_that_are_there_and_the_one_that_is_lost() -> None:
    said = (
        r"3 executors were asked for, 2 are there, executor 1 \(node-1:1\), executor 3 \(node-3:1\)\. "
        r"Lost executor 2 \(node-2:1\): Container killed by YARN See Spark's log"
    )
    with pytest.raises(ClusterStartError, match=said):
        check_registered(context_of(*TWO_OF_THREE), 3)


def test_none_at_all_are_told_of() -> None:
    with pytest.raises(ClusterStartError, match=r"2 executors were asked for, 0 are there\. See"):
        check_registered(context_of(), 2)


def test_only_what_was_lost_since_is_told() -> None:
    context = context_of(*TWO_OF_THREE, executor("4", active=False))
    before = gone(context_of(*TWO_OF_THREE))
    assert before == {"executor 2 (node-2:1)"}
    assert lost(context, before) == "Lost executor 4 (node-4:1): Spark says no reason. "
