"""A probe as the gateway launches and reads it, with a made-up launch; a real one is in tests/yarn."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import textcnn
from cluster.doctor import command, probe
from cluster.doctor.finding import failed, ok
from cluster.spark_submit import Launch
from run.probe import LIBRARIES, PYTHON, Probed, to_json
from run.profile import Profile

PROBED = [
    Probed(PYTHON, "3.11, python on node-1"),
    Probed(LIBRARIES, "OSError: libcudart.so.0", "Traceback:\n  here\nOSError: libcudart.so.0\n"),
]


class Cluster:
    """Takes the launch, has what it wrote, and forgets it."""

    def __init__(self, status: int = 0):
        self.status = status
        self.launched: list[tuple[Profile, Launch]] = []
        self.removed: list[str] = []

    def run(self, profile: Profile, launch: Launch, dry_run: bool) -> int:
        assert not dry_run
        self.launched.append((profile, launch))
        return self.status

    @property
    def storage(self) -> Any:
        """What stands for the storage."""
        return SimpleNamespace(join="{}/{}".format, read=lambda _: to_json(PROBED).encode(), remove=self.removed.append)


def on(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(probe, "run", cluster.run)
    monkeypatch.setattr(probe, "storage", cluster.storage)
    return cluster


def test_what_a_node_has_found_is_told_with_its_traceback_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = on(Cluster(), monkeypatch)
    python, libraries = probe.findings(Profile(master="yarn", workers=7), ["--queue", "nlp"])
    assert python == ok(PYTHON, "3.11, python on node-1")
    line, remedy, *traceback = str(libraries).splitlines()
    assert line == "failed   node's libraries   OSError: libcudart.so.0"
    assert "textcnn pack" in remedy
    assert [part.removeprefix(" " * 28) for part in traceback] == ["Traceback:", "  here", "OSError: libcudart.so.0"]
    ((profile, launch),) = cluster.launched
    assert profile.workers == 1
    assert launch.script.is_file()
    assert launch.passed_on == ["--queue", "nlp"]
    assert cluster.removed == [launch.out]


def test_an_application_that_fails_is_a_finding_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = on(Cluster(status=1), monkeypatch)
    (found,) = probe.findings(Profile(master="yarn"), [])
    assert (found.verdict, found.what) == ("failed", "probe")
    assert cluster.removed == [cluster.launched[0][1].out]


@pytest.mark.parametrize(("earlier", "status", "probed"), [("ok", 2, True), ("failed", 2, False)])
def test_where_something_has_failed_already_nothing_is_launched(
    earlier: str, status: int, probed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = on(Cluster(), monkeypatch)
    found = ok("HDFS", "there") if earlier == "ok" else failed("HDFS", "gone", None)
    monkeypatch.setattr(command, "findings", lambda *_: [found])
    assert command.doctor(Profile(master="yarn"), probing=True) == status
    assert bool(cluster.launched) == probed
    assert ("note     probe              left out" in capsys.readouterr().out) != probed


def test_it_is_for_yarn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.toml").write_text('master = "local"', encoding="utf-8")
    assert textcnn.main(["doctor", "--profile", str(tmp_path / "p.toml"), "--probe"]) == 2
    assert 'Give --probe a profile with master = "yarn"' in capsys.readouterr().err
