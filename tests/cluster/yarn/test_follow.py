"""What spark-submit says, and what a person gets to know of it."""

import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cluster.yarn.follow import Application, follow
from run import events, folder
from run.result import Quality, Result
from run.terminal import Terminal


def test_the_application_is_known_before_it_is_submitted() -> None:
    application = Application()
    told = [
        application.hear(line)
        for line in (
            "21:46:12 INFO Client: Submitting application application_17_0001 to ResourceManager",
            "21:46:13 INFO Client: Application report for application_17_0001 (state: ACCEPTED)",
            "21:46:14 INFO Client: Application report for application_17_0001 (state: ACCEPTED)",
            "21:46:15 INFO Client: Application report for application_17_0001 (state: RUNNING)",
            "\t tracking URL: http://here/proxy",
        )
    ]
    assert told == [
        "submitted application_17_0001",
        "application_17_0001 ACCEPTED",
        None,
        "application_17_0001 RUNNING",
        "tracking URL http://here/proxy",
    ]
    assert application.identity == "application_17_0001"


@pytest.mark.parametrize("command", ["true", "false"])
@pytest.mark.parametrize("last", ["ours", "another"])
def test_runs_into_one_folder_are_not_taken_for_each_other(last: str, command: str, tmp_path: Path) -> None:
    for run in ("ours", "another"):
        metrics = tmp_path / folder.metrics(run)
        metrics.parent.mkdir(exist_ok=True)
        metrics.write_bytes(events.to_json(events.Published(0, f"{run}/model/1", 0.5)) + b"\n")
    (tmp_path / folder.LABELS).write_text("good\nbad\n", encoding="utf-8")
    model = f"{last}/model/1"
    result = Result(last, "failed", 2, error=f"{last} had an error", test=Quality(0.5, 0.5, 2), model=model)
    (tmp_path / folder.RESULT).write_text(result.to_json(), encoding="utf-8")

    terminal = StringIO()
    status = follow([command], os.environ, str(tmp_path), "ours", Terminal(Console(file=terminal, width=200)), True)
    said = terminal.getvalue()
    assert status == {"true": 0, "false": 2 if last == "ours" else 1}[command]
    assert "ours/model/1" in said
    assert ("ours had an error" in said) == (last == "ours" and command == "false")
    assert ("accuracy" in said) == (last == "ours" and command == "true")
    assert ("is of another run into the same folder, another" in said) == (last == "another")
    assert "another/model/1" not in said
    assert "another had an error" not in said
