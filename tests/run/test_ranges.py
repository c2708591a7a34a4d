"""What a run file's `[tune]` may say: ranges and lists, and what is refused."""

from typing import Any

import pytest

from run.config import RunConfig
from run.errors import SettingsError
from run.ranges import Range
from run.settings import parse, to_json


def tuned(tune: Any) -> RunConfig:
    return parse(RunConfig, {"data": {"input": "x"}, "tune": tune}, "run.toml")


def test_a_range_is_of_whole_numbers_where_both_are() -> None:
    tune = tuned({"train.epochs": {"low": 1, "high": 9}, "train.warmup": {"low": 0, "high": 0.5}}).tune
    assert tune == {"train.epochs": Range(low=1, high=9), "train.warmup": Range(low=0, high=0.5)}
    ranges = [values for values in tune.values() if isinstance(values, Range)]
    assert [values.whole for values in ranges] == [True, False]


def test_a_list_has_values_of_any_kind() -> None:
    assert tuned({"train.decay": ["none", "linear"], "model.widths": [[2], [2, 3]]}).tune == {
        "train.decay": ("none", "linear"),
        "model.widths": ([2], [2, 3]),
    }


def test_a_table_for_a_section_is_the_same_as_full_names() -> None:
    values = {"low": 1, "high": 9, "log": True}
    assert tuned({"train": {"epochs": values}}).tune == tuned({"train.epochs": values}).tune


def test_ranges_come_out_of_json_as_they_went_in() -> None:
    tune = {"train.epochs": {"low": 1, "high": 9, "log": True}, "train.decay": ["none"]}
    assert to_json(tuned(tune))["tune"] == tune
    assert isinstance(to_json(tuned(tune))["tune"]["train.epochs"]["low"], int)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (3, r"give a range, \{low = …, high = …\} with or without log = true, or the list of values. Received: 3"),
        ({"low": 1}, "give a range"),
        ({"low": 1, "high": 2, "step": 1}, "give a range"),
        ({"low": "1", "high": 2}, "give a number. Received: '1'"),
        ({"low": True, "high": 2}, "give a number. Received: True"),
        ({"low": 0.0, "high": float("inf")}, "give a number. Received: inf"),
        ({"low": 2, "high": 2}, "low must be below high"),
        ({"low": 0, "high": 2, "log": True}, "with log = true, low must be above 0"),
        ({"low": 1, "high": 2, "log": "yes"}, "valid boolean"),
        ([], "list distinct values, at least one"),
        ([1, 2, 1], "list distinct values, at least one"),
    ],
)
def test_what_is_no_range_is_refused_with_its_name(values: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=rf"run.toml: 'tune\.train\.epochs.*{message}"):
        tuned({"train.epochs": values})
