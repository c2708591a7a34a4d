"""Texts of concurrent requests are classified together: what has come while a batch ran is the next one."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from server.errors import BusyError

BATCH = 256
"""Texts that are classified at once, if no request has more."""
WAITING = 10_000
"""Texts that may wait."""

Answer = Mapping[str, np.ndarray]
Classify = Callable[[Sequence[bytes]], Answer]
"""Returns outputs by name, each [texts, …]."""


@dataclass(frozen=True)
class _Waiting:
    texts: Sequence[bytes]
    answer: "asyncio.Future[Answer]"


class Batcher:
    """Answers requests in the order in which they come, several in one call of the model."""

    def __init__(self, classify: Classify, executor: Executor, observe: Callable[[int], object]):
        """Takes what classifies, where it runs, and what is told the size of each batch."""
        self._classify = classify
        self._executor = executor
        self._observe = observe
        self._waiting: deque[_Waiting] = deque()
        self._texts = 0
        self._something = asyncio.Event()

    async def answer(self, texts: Sequence[bytes]) -> Answer:
        """Classifies the texts of a request.

        Raises:
            BusyError: too many texts wait already.
        """
        if self._texts and self._texts + len(texts) > WAITING:
            raise BusyError(f"{self._texts} texts wait already. Ask again later, or serve the model by TF Serving.")
        request = _Waiting(texts, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._texts += len(texts)
        self._something.set()
        return await request.answer

    async def run(self) -> None:
        """Classifies what comes, until it is cancelled."""
        while True:
            await self._something.wait()
            batch = self._taken()
            texts = [text for request in batch for text in request.texts]
            self._observe(len(texts))
            try:
                answer = await asyncio.get_running_loop().run_in_executor(self._executor, self._classify, texts)
            except Exception as error:  # noqa: BLE001 - each request of the batch is answered with it
                for request in batch:
                    if not request.answer.done():
                        request.answer.set_exception(error)
            else:
                _hand_out(batch, answer)

    def _taken(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and (not batch or size + len(self._waiting[0].texts) <= BATCH):
            request = self._waiting.popleft()
            size += len(request.texts)
            if not request.answer.done():  # its client has gone
                batch.append(request)
        self._texts -= size
        if not self._waiting:
            self._something.clear()
        return batch


def _hand_out(batch: Sequence[_Waiting], answer: Answer) -> None:
    start = 0
    for request in batch:
        end = start + len(request.texts)
        if not request.answer.done():
            request.answer.set_result({name: output[start:end] for name, output in answer.items()})
        start = end
