"""`textcnn serve` as its users meet it: over HTTP, with TF Serving's paths and JSON, and in a browser."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import pytest

from local_hadoop.daemons import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.integration

LIMIT_SECONDS = 60
PREDICT = "/v1/models/known:predict"
CHROMIUM = shutil.which("chromium")


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    host: str
    port: int
    models: Path
    log: Path

    def ask(self, path: str, body: object | bytes | None = None) -> tuple[int, Any]:
        """Returns status and answer; an answer that is not JSON as text."""
        connection = HTTPConnection(self.host, self.port, timeout=LIMIT_SECONDS)
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request("GET" if body is None else "POST", path, data)
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = "json" in (answer.getheader("content-type") or "")
            return answer.status, json.loads(text) if is_json else text
        finally:
            connection.close()


@contextmanager
def serving(models: Path) -> Iterator[Server]:
    """Runs the command until it is told to end."""
    command = [str(Path(sys.executable).with_name("textcnn")), "serve", str(models), "--port", "0"]
    log = models.with_name(f"{models.name}.log")
    with (
        log.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, encoding="utf-8") as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://([\d.]+):(\d+)/v1/models/known:predict", said)
            assert found, said
            yield Server(found[1], int(found[2]), models, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(LIMIT_SECONDS)


@pytest.fixture(scope="module")
def server(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    models = tmp_path_factory.mktemp("models")
    shutil.copytree(exported, models / "1")
    with serving(models) as running:
        yield running


def test_texts_are_classified_in_both_formats(server: Server) -> None:
    status, by_row = server.ask(PREDICT, {"instances": ["好", "书，坏"]})
    assert status == 200
    assert [row["label"] for row in by_row["predictions"]] == ["好评", "差评"]
    assert by_row["predictions"][0]["score"] == pytest.approx(0.75)
    status, by_column = server.ask("/v1/models/known/versions/1:predict", {"inputs": {"text": ["好", "书，坏"]}})
    assert (status, by_column["outputs"]["label"]) == (200, ["好评", "差评"])
    assert by_column["outputs"]["probabilities"][1] == pytest.approx([0.25, 0.75])


def test_every_signature_can_be_asked(server: Server) -> None:
    status, labels = server.ask(PREDICT, {"signature_name": "labels", "inputs": {}})
    assert (status, labels) == (200, {"outputs": ["好评", "差评"]})
    for name, inputs in (("tokens", {"word": [["好", "坏"]]}), ("ids", {"word": [[2, 0]]}), ("explain", ["好"])):
        status, answer = server.ask(PREDICT, {"signature_name": name, "inputs": inputs})
        assert (status, answer["outputs"]["label"]) == (200, ["好评"])


def test_it_says_what_it_serves(server: Server) -> None:
    available = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert server.ask("/v1/models/known") == (200, {"model_version_status": [available]})
    assert server.ask("/healthz")[0] == 200
    _, metadata = server.ask("/v1/models/known/metadata")
    assert metadata["model_spec"] == {"name": "known", "signature_name": "", "version": "1"}
    text = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]["text"]
    assert text == {"dtype": "DT_STRING", "tensor_shape": {"dim": [{"size": "-1"}]}}


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        (PREDICT, b"{", 400, "The body is not JSON"),
        (PREDICT, {"instances": [1]}, 400, "'text' is a list of strings. Received: 1"),
        (PREDICT, {"signature_name": "ids", "inputs": {"word": [[1], [1, 2]]}}, 400, "of the same length"),
        (PREDICT, {"signature_name": "other", "inputs": []}, 404, "no signature 'other'"),
        ("/v1/models/other:predict", {"instances": ["a"]}, 404, "this server has 'known'"),
        ("/v1/models/known/versions/7:predict", {"instances": ["a"]}, 404, "no version '7'"),
        (PREDICT, b" " * (16 * 2**20 + 1), 413, "at most 16,777,216 bytes"),
    ],
)
def test_a_request_that_cannot_be_answered_is_told_why(
    path: str, body: object, status: int, reason: str, server: Server
) -> None:
    found, answer = server.ask(path, body)
    assert (found, reason in answer["error"]) == (status, True), answer


def test_ids_that_the_model_does_not_have_are_refused(server: Server) -> None:
    status, answer = server.ask(PREDICT, {"signature_name": "ids", "inputs": {"word": [[10**6]]}})
    assert status == 400
    assert "1000000" in answer["error"]
    assert server.ask(PREDICT, {"instances": ["好"]})[0] == 200


def test_no_answer_is_lost_or_mixed_up_under_load(server: Server) -> None:
    kinds = {"好评": "好", "差评": "坏"}

    def client(number: int) -> list[float]:
        connection = HTTPConnection(server.host, server.port, timeout=LIMIT_SECONDS)
        seconds = []
        for request in range(100):
            expected = [("好评", "差评")[(number + request + i) % 2] for i in range(1 + (number + request) % 4)]
            begun = time.monotonic()
            connection.request("POST", PREDICT, json.dumps({"instances": [kinds[label] for label in expected]}))
            answer = json.load(connection.getresponse())
            seconds.append(time.monotonic() - begun)
            assert [row["label"] for row in answer["predictions"]] == expected
        connection.close()
        return seconds

    with ThreadPoolExecutor(16) as pool:
        seconds = [second for client_seconds in pool.map(client, range(16)) for second in client_seconds]
    assert len(seconds) == 1600
    print(f"p50 {1000 * quantiles(seconds, n=100)[49]:.1f} ms, p99 {1000 * quantiles(seconds, n=100)[98]:.1f} ms")
    _, metrics = server.ask("/metrics")
    counted = re.search(r'textcnn_requests_total\{status="200"\} (\d+)', metrics)
    assert counted
    assert int(counted[1]) >= 1600
    batches = re.search(r"textcnn_batch_texts_count ([\d.]+)", metrics)
    assert batches
    assert float(batches[1]) < 1600


def test_a_new_version_is_taken_up_and_a_broken_one_is_not(exported: Path, tmp_path: Path) -> None:
    models = tmp_path / "model"
    shutil.copytree(exported, models / "1")
    with serving(models) as server:

        def serves(version: str) -> bool:
            status, answer = server.ask("/v1/models/known")
            assert server.ask(PREDICT, {"instances": ["好"]})[0] == 200
            return status == 200 and answer["model_version_status"][0]["version"] == version

        def publish(version: str) -> None:
            shutil.copytree(exported, tmp_path / f"unpublished-{version}").rename(models / version)

        publish("2")
        assert wait_until(lambda: serves("2"), LIMIT_SECONDS)
        unpublished = shutil.copytree(exported, tmp_path / "unpublished-3")
        (unpublished / "assets" / "labels.txt").write_text("other\nlabels\n", encoding="utf-8")
        unpublished.rename(models / "3")
        assert wait_until(
            lambda: f"{models}/2 is still served: " in server.log.read_text(encoding="utf-8"), LIMIT_SECONDS
        )
        assert serves("2")
        publish("4")
        assert wait_until(lambda: serves("4"), LIMIT_SECONDS)


def test_a_port_that_is_taken_is_an_error_of_the_users(server: Server) -> None:
    command = [str(Path(sys.executable).with_name("textcnn")), "serve", str(server.models), "--port", str(server.port)]
    refused = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS, check=False)
    assert refused.returncode == 2
    assert f"127.0.0.1:{server.port} cannot be listened at" in refused.stderr


def weights(page: "Page") -> dict[str, float]:
    """How much each character of the text that is shown speaks for the label."""
    spans = page.locator("#text span").all()
    return {span.inner_text(): float(span.get_attribute("data-weight") or "nan") for span in spans}


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium")
def test_the_page_shows_label_probabilities_and_the_words_that_speak(server: Server) -> None:
    from playwright.sync_api import expect, sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"http://{server.host}:{server.port}/")
        page.get_by_label("text").fill("<b>坏")
        page.get_by_role("button", name="Classify").click()
        expect(page.locator("#label")).to_have_text("差评, 75.00 %")
        expect(page.locator("#probabilities tr")).to_have_count(2)
        expect(page.locator("#probabilities tr").first).to_contain_text("差评")
        assert page.locator("#text").inner_text() == "<b>坏"
        assert weights(page) == {"<": 0, "b": 0, ">": 0, "坏": 1}
        page.screenshot(path=os.environ.get("SCREENSHOT"))
        page.get_by_label("text").fill("😀好😀")
        page.get_by_role("button", name="Classify").click()
        expect(page.locator("#label")).to_have_text("好评, 75.00 %")
        assert weights(page) == {"😀": 0, "好": 1}
        browser.close()
        assert not failures
