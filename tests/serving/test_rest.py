"""An exported model behind TensorFlow Serving, where it is installed, and behind `textcnn serve`: the same answers."""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from local_hadoop.daemons import wait_until
from tests.integration.gang import free_ports
from trainer.card import CARD

pytestmark = pytest.mark.integration

LIMIT_SECONDS = 60
MODEL_SERVER = shutil.which("tensorflow_model_server")


def command(server: str, models: Path, name: str, port: int, grpc_port: int) -> list[str]:
    """Serves the versions of a model in a folder."""
    if server == "textcnn":
        return [str(Path(sys.executable).with_name("textcnn")), "serve", str(models), "--port", str(port)]
    named = [f"--model_name={name}", f"--model_base_path={models}"]
    return [str(MODEL_SERVER), f"--rest_api_port={port}", f"--port={grpc_port}", *named]


@pytest.fixture(
    params=[
        "textcnn",
        pytest.param(
            "tensorflow_model_server",
            marks=pytest.mark.skipif(MODEL_SERVER is None, reason="tensorflow_model_server is not installed"),
        ),
    ]
)
def address(request: pytest.FixtureRequest, model: Path, tmp_path: Path) -> Iterator[str]:
    """Where a server has the model."""
    name = json.loads((model / CARD).read_text(encoding="utf-8"))["name"]
    port, grpc_port = free_ports(2)
    url = f"http://127.0.0.1:{port}/v1/models/{name}"
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            command(request.param, model.parent, name, port, grpc_port), stdout=log, stderr=log
        ) as process,
    ):
        try:
            assert wait_until(lambda: available(url), LIMIT_SECONDS), (tmp_path / "log").read_text(encoding="utf-8")
            yield url
        finally:
            process.terminate()
            process.wait(LIMIT_SECONDS)


def available(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            return any(version["state"] == "AVAILABLE" for version in json.load(answer)["model_version_status"])
    except URLError:
        return False


def test_raw_texts_get_the_golden_answers(address: str, model: Path) -> None:
    lines = (model / "assets.extra" / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    golden = [json.loads(line) for line in lines]
    request = json.dumps({"inputs": {"text": [example["text"] for example in golden]}}).encode()
    with urllib.request.urlopen(f"{address}:predict", request, LIMIT_SECONDS) as answer:
        outputs = json.load(answer)["outputs"]
    assert outputs["label"] == [example["label"] for example in golden]
    expected = np.array([example["probabilities"] for example in golden])
    assert np.array(outputs["probabilities"]) == pytest.approx(expected, abs=1e-5)
