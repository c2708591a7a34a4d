"""The REST API: TF Serving's paths, health, metrics, and a page to try texts on."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from server import tensors
from server.batching import Batcher
from server.errors import NotFoundError, RequestError, TooLargeError
from server.served import Served, Version

LARGEST_BODY = 16 * 2**20
"""Bytes."""
REFRESH_SECONDS = 2.0
"""How often it is looked for a new version."""
PAGE = Path(__file__).with_name("page.html")


class Api:
    """Answers the requests for a model."""

    def __init__(self, served: Served):
        """Takes the model."""
        self._served = served
        self._executor = ThreadPoolExecutor(1, "model")  # a call has all cores
        self._registry = CollectorRegistry()
        self._requests = Counter("textcnn_requests", "Predict requests", ["status"], registry=self._registry)
        self._seconds = Histogram("textcnn_request_seconds", "Time to an answer", registry=self._registry)
        sizes = [2**power for power in range(9)]
        batches = Histogram("textcnn_batch_texts", "Texts classified at once", buckets=sizes, registry=self._registry)
        labels = ["model", "uri"]
        self._version = Gauge("textcnn_model_version", "The version that answers", labels, registry=self._registry)
        self._batcher = Batcher(lambda texts: served.current.classify(texts), self._executor, batches.observe)

    def routes(self) -> list[Route]:
        """Returns who answers what."""
        model, version = "/v1/models/{model}", "/v1/models/{model}/versions/{version}"
        return [
            Route("/", self._page),
            Route("/healthz", self._health),
            Route("/metrics", self._metrics),
            *(Route(f"{path}:predict", self._predict, methods=["POST"]) for path in (version, model)),
            *(Route(f"{path}/metadata", self._metadata) for path in (version, model)),
            *(Route(path, self._status) for path in (version, model)),
        ]

    @asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        """Classifies, and looks for new versions, while the server runs."""
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(self._batcher.run()), tasks.create_task(self._watch())]
            try:
                yield
            finally:
                for task in background:
                    task.cancel()
                self._executor.shutdown()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await asyncio.to_thread(self._served.refresh)

    async def _predict(self, request: Request) -> Response:
        with self._seconds.time():
            version = self._asked(request)
            asked = tensors.parsed(await _body(request), version.specs)
            outputs = await self._ask(version, asked, any_version="version" not in request.path_params)
            body = tensors.answer(outputs, asked.by_row)
        self._requests.labels("200").inc()
        return Response(body, media_type="application/json")

    async def refused(self, request: Request, error: Exception) -> Response:
        """Says why a request is not answered."""
        assert isinstance(error, RequestError)
        if request.method == "POST":
            self._requests.labels(str(error.status)).inc()
        return JSONResponse({"error": str(error)}, error.status)

    async def _ask(self, version: Version, asked: tensors.Request, any_version: bool) -> Mapping[str, np.ndarray]:
        if asked.signature == "serving_default" and any_version:
            return await self._batcher.answer(asked.inputs["text"])
        call = partial(version.ask, asked.signature, asked.inputs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def _asked(self, request: Request) -> Version:
        version, path = self._served.current, request.path_params
        if path["model"] != version.name:
            raise NotFoundError(f"There is no model {path['model']!r}; this server has {version.name!r}.")
        if path.get("version", version.number) != version.number:
            raise NotFoundError(f"There is no version {path['version']!r}; this server has {version.number!r}.")
        return version

    async def _status(self, request: Request) -> Response:
        return JSONResponse({"model_version_status": [_available(self._asked(request))]})

    async def _metadata(self, request: Request) -> Response:
        version = self._asked(request)
        return JSONResponse(
            {
                "model_spec": {"name": version.name, "signature_name": "", "version": version.number},
                "metadata": {"signature_def": {"signature_def": version.signature_defs}},
            }
        )

    async def _health(self, _: Request) -> Response:
        return PlainTextResponse(f"serving {self._served.current.uri}\n")

    async def _metrics(self, _: Request) -> Response:
        current = self._served.current
        self._version.clear()
        self._version.labels(current.name, current.uri).set(int(current.number) if current.number.isdecimal() else 0)
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def _page(self, _: Request) -> Response:
        name = json.dumps(self._served.current.name).replace("<", "\\u003c")
        return HTMLResponse(PAGE.read_text(encoding="utf-8").replace("MODEL_NAME", name))


def app(served: Served) -> Starlette:
    """Returns the server of a model."""
    api = Api(served)
    return Starlette(routes=api.routes(), lifespan=api.running, exception_handlers={RequestError: api.refused})


def _available(version: Version) -> dict[str, Any]:
    status = {"error_code": "OK", "error_message": ""}
    return {"version": version.number, "state": "AVAILABLE", "status": status}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLargeError(f"A body has at most {LARGEST_BODY:,} bytes. Send the texts in several requests.")
    return bytes(body)
