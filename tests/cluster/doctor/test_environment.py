"""What is found in a packed environment."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import storage
from cluster.doctor import environment
from cluster.doctor.environment import PYTHON, findings
from cluster.doctor.finding import Finding
from cluster.errors import PackError
from run.profile import Profile

WHOLE = {"tensorflow_cpu": "2.21.0", "tensorflowonspark": "2.2.5", "setuptools": "80.9.0", "six": "1.17.0"}
LINKS = {"bin/python3": "python3.11", "bin/python": "python3", "bin/python3.11": "/usr/bin/python3.11"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "environment.tar.gz"


def write(
    archive: Path, distributions: Mapping[str, str], python: str = PYTHON, links: Mapping[str, str] = LINKS
) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        for name, version in distributions.items():
            path = f"./lib/python{python}/site-packages/{name}-{version}.dist-info/METADATA"
            member = tarfile.TarInfo(path)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        for name, target in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)


def judged(name: Path | str | None, has_hdfs: bool = True) -> list[Finding]:
    return [*findings(Profile(master="yarn", environment=None if name is None else str(name)), has_hdfs)]


def test_a_whole_one(archive: Path) -> None:
    write(archive, WHOLE)
    assert [finding.verdict for finding in judged(archive)] == ["ok", "ok", "note"]
    assert judged(archive)[1].found.startswith("tensorflow-cpu 2.21.0, tensorflowonspark 2.2.5, setuptools 80.9.0")
    assert judged(archive)[2].found.startswith("/usr/bin/python3.11 has to be on every node")


@pytest.mark.parametrize("links", [{}, {"bin/python": "python3", "bin/python3": "python"}])
def test_one_without_a_link_to_an_interpreter(archive: Path, links: dict[str, str]) -> None:
    write(archive, WHOLE, links=links)
    assert [finding.what for finding in judged(archive)] == ["environment", "packages"]


@pytest.mark.parametrize(
    ("distributions", "python", "said"),
    [
        (WHOLE, "3.8", f"Python 3.8 (here it is {PYTHON})"),
        ({}, PYTHON, f"no Python (here it is {PYTHON})"),
        ({**WHOLE, "setuptools": "81.0.0"}, PYTHON, "setuptools 81.0.0 (<81 is needed)"),
        ({key: WHOLE[key] for key in WHOLE if key != "six"}, PYTHON, "no six"),
        ({key: WHOLE[key] for key in WHOLE if key != "tensorflow_cpu"}, PYTHON, "no tensorflow"),
    ],
)
def test_what_a_worker_could_not_start_with(
    archive: Path, distributions: dict[str, str], python: str, said: str
) -> None:
    write(archive, distributions, python)
    (finding,) = judged(archive)
    assert finding.verdict == "failed"
    assert said in finding.found


def test_none_and_a_missing_one(archive: Path) -> None:
    assert [finding.verdict for finding in judged(None)] == ["warning"]
    assert [finding.verdict for finding in judged(archive)] == ["failed"]


@pytest.mark.parametrize("kept", [0, 0.1, 0.5])
def test_half_an_archive_is_none(archive: Path, kept: float) -> None:
    write(archive, WHOLE)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * kept)])
    with pytest.raises(PackError, match="cannot be read as tar"):
        environment.read(archive)


def test_on_hdfs_it_is_looked_for_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"/packed/e.tar.gz": 400_000_000, "/e.tar.gz": 1}
    monkeypatch.setattr(storage, "size", lambda uri: sizes.get(storage.path_of(uri)))
    assert [finding.verdict for finding in judged("hdfs:///packed/e.tar.gz")] == ["note"]
    assert "400 MB" in judged("hdfs://cluster/packed/e.tar.gz")[0].found
    assert [finding.verdict for finding in judged("hdfs:///e.tar.gz")] == ["note"]
    assert [finding.verdict for finding in judged("hdfs:///packed/f.tar.gz")] == ["failed"]
    assert judged("hdfs:///packed/e.tar.gz", has_hdfs=False) == []
