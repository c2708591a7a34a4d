"""What an application of Flink's is submitted with; YARN itself is in tests/yarn."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from cluster.errors import LaunchError, YarnError
from cluster.flink import application
from cluster.flink.containers import Containers
from cluster.yarn.artifacts import FileArtifact, ZipArtifact
from run.profile import Profile
from run.terminal import Terminal

STAGING = "hdfs:///staging"
PLACE = "hdfs:///corpora/.tasks"


@pytest.fixture
def containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Containers:
    """What containers have, of one small file."""
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop")
    file = tmp_path / "flink-dist-2.3.0.jar"
    file.touch()
    return Containers(
        python=Path("/opt/flink/bin/python"),
        environment=None,
        flink=tmp_path,
        dist=FileArtifact(file),
        jars=ZipArtifact("flink-jars", {"hadoop-client-api.jar": file}),
        configuration=ZipArtifact("hadoop-conf", {"core-site.xml": file}),
        packages=ZipArtifact("textcnn", {"run/profile.py": file}),
    )


def properties(containers: Containers, profile: Profile) -> dict[str, str]:
    return dict(application.properties(profile, "reviews", containers, STAGING, PLACE))


def test_containers_find_flink_and_hadoop_in_what_is_sent_to_them(containers: Containers) -> None:
    told = properties(containers, Profile(master="yarn"))
    jars, configuration = told["yarn.ship-archives"].split(";")
    assert jars == f"{STAGING}/{containers.jars.name}"
    assert configuration.endswith("-hadoop-conf.zip")
    in_container = f"$PWD/{containers.configuration.name}"
    assert told["flink.yarn.application.classpath"] == f"{in_container},$PWD/{containers.jars.name}/*"
    assert told["containerized.taskmanager.env.HADOOP_CONF_DIR"] == in_container
    assert told["python.files"] == f"{STAGING}/{containers.packages.name}"
    assert told["python.executable"] == "/opt/flink/bin/python"
    assert {artifact.name for artifact in containers} == {
        uri.rpartition("/")[2] for uri in (jars, configuration, told["python.files"], told["yarn.flink-dist-jar"])
    }


@pytest.mark.parametrize("here", [True, False])
def test_an_environment_is_sent_and_has_the_python(here: bool, containers: Containers, tmp_path: Path) -> None:
    environment = FileArtifact(tmp_path / "flink-dist-2.3.0.jar") if here else "hdfs:///environments/flink.tar.gz"
    told = properties(replace(containers, environment=environment), Profile(master="yarn"))
    *_, sent = told["yarn.ship-archives"].split(";")
    assert sent == (f"{STAGING}/{environment.name}" if isinstance(environment, FileArtifact) else environment)
    assert told["python.executable"] == f"./{sent.rpartition('/')[2]}/bin/python"
    assert told["python.client.executable"] == told["python.executable"]
    assert (environment in list(replace(containers, environment=environment))) == here


def test_workers_are_task_managers_and_cores_their_slots(containers: Containers) -> None:
    told = properties(containers, Profile(master="yarn", workers=3, cores=2))
    assert (told["parallelism.default"], told["taskmanager.numberOfTaskSlots"]) == ("6", "2")
    one = properties(containers, Profile(master="yarn", workers=3))
    sizes = [int(each["taskmanager.memory.process.size"].removesuffix("m")) for each in (one, told)]
    assert sizes[1] - sizes[0] == application.SLOT_MB


def test_a_profile_says_where_an_application_runs_and_has_the_last_word(containers: Containers) -> None:
    none = properties(containers, Profile(master="yarn"))
    assert not none.keys() & {"yarn.application.queue", "yarn.tags", "yarn.taskmanager.node-label"}
    flink = {"parallelism.default": "8", "taskmanager.memory.managed.fraction": "0.2"}
    told = properties(containers, Profile(master="yarn", queue="night", tags=("a", "b"), node_label="cpu", flink=flink))
    assert (told["yarn.application.queue"], told["yarn.tags"]) == ("night", "a,b")
    assert told["yarn.taskmanager.node-label"] == "cpu"
    assert told.items() >= flink.items()


def test_the_command_gives_properties_before_the_module_and_its_arguments(containers: Containers) -> None:
    argv = application.command(containers, {"b": "2 3", "a": "1"}, "our.module", ["hdfs:///request.json"])
    assert argv[-5:] == ["-Da=1", "-Db=2 3", "--pyModule", "our.module", "hdfs:///request.json"]
    classpath = argv[argv.index("-classpath") + 1]
    assert classpath.startswith(f"/etc/hadoop:{containers.dist.path}")


def test_a_client_that_submits_nothing_is_told_of_by_its_innermost_error(tmp_path: Path) -> None:
    trace = "x.Deployment: Couldn't deploy\n\tat x.Y\nCaused by: x.Z: The queue night is no queue\n\tat x.Z"
    with pytest.raises(YarnError, match=r"has not been submitted: Z: The queue night is no queue$"):
        application.run(["sh", "-c", 'printf %s "$0" >&2', trace], tmp_path, Terminal(Console(quiet=True)))


def test_the_python_of_flink_has_it(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    with pytest.raises(LaunchError, match="There is no PyFlink for"):
        Containers.of(Profile(master="yarn", flink_python=str(python)))


@contextmanager
def page(jobs: object) -> Iterator[str]:
    """Flink's page of its jobs."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(jobs).encode())

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the class's name for it

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/proxy/application_1_0001/"
        server.shutdown()


def test_the_newest_job_is_shown_as_a_stage_with_its_tasks() -> None:
    tasks = {"total": 6, "finished": 2, "running": 3}
    jobs = [
        {"name": "reviews: documents", "start-time": 2, "tasks": tasks},
        {"name": "reviews: counts", "start-time": 1, "tasks": {**tasks, "finished": 6}},
    ]
    said = StringIO()
    with page({"jobs": jobs}) as url:
        name = application._show(application._newest_job(url), "reviews: counts", Terminal(Console(file=said)))
    assert name == "reviews: documents"
    assert said.getvalue().split("\n")[:2] == [name, "2 of 6 tasks finished, 3 running"]


@pytest.mark.parametrize("jobs", [{"jobs": []}, {}, {"other": 1}])
def test_a_page_that_says_nothing_of_jobs_leaves_the_stage_as_it_is(jobs: object) -> None:
    with page(jobs) as url:
        assert application._newest_job(url) is None
    assert application._newest_job(url) is None  # nobody answers by now
    assert application._show(None, "before", Terminal(Console(quiet=True))) == "before"
