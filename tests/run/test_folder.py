"""Runs into one folder keep their metrics apart."""

from run import folder


def test_each_run_has_a_name_and_metrics_of_its_own() -> None:
    runs = {folder.new_run() for _ in range(100)}
    assert len({folder.metrics(run) for run in runs}) == 100
