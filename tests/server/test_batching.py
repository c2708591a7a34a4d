"""Concurrent requests share calls of the model, and each gets its own answer."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np

from server.batching import BATCH, WAITING, Batcher
from server.errors import BusyError

LIMIT_SECONDS = 30


class Model:
    """Gives each text back; the first call lasts until it is let go."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.begun, self.may_end = Event(), Event()

    def __call__(self, texts: Sequence[bytes]) -> dict[str, np.ndarray]:
        self.calls.append(len(texts))
        self.begun.set()
        assert self.may_end.wait(LIMIT_SECONDS)
        if b"broken" in texts:
            raise ValueError("broken")
        return {"label": np.array(texts, object)}


async def answers(model: Model, requests: Sequence[Sequence[bytes]], meanwhile: Sequence[int] = ()) -> list[object]:
    """The answers to a request, and to others that come while it is classified; some of them are given up."""
    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(model, executor, lambda _: None)
        running = asyncio.create_task(batcher.run())
        try:
            first = asyncio.create_task(batcher.answer(requests[0]))
            await asyncio.to_thread(model.begun.wait, LIMIT_SECONDS)
            rest = [asyncio.create_task(batcher.answer(texts)) for texts in requests[1:]]
            await asyncio.sleep(0)
            for given_up in meanwhile:
                rest[given_up].cancel()
            model.may_end.set()
            async with asyncio.timeout(LIMIT_SECONDS):
                return list(await asyncio.gather(first, *rest, return_exceptions=True))
        finally:
            model.may_end.set()
            running.cancel()


def texts_of(answer: object) -> list[bytes]:
    assert isinstance(answer, dict)
    return list(answer["label"])


def test_what_comes_while_a_batch_runs_is_the_next_one() -> None:
    model, requests = Model(), [[b"a"], [b"b", b"c"], [], [b"d"]]
    assert [texts_of(answer) for answer in asyncio.run(answers(model, requests))] == requests
    assert model.calls == [1, 3]


def test_a_batch_has_a_bound_unless_a_request_is_larger() -> None:
    model, requests = Model(), [[b"a"], [b"b"] * (BATCH - 1), [b"c"], [b"d"], [b"e"] * (2 * BATCH)]
    assert [texts_of(answer) for answer in asyncio.run(answers(model, requests))] == requests
    assert model.calls == [1, BATCH, 1, 2 * BATCH]


def test_an_error_is_the_answer_to_all_of_its_batch_and_to_no_other() -> None:
    model = Model()
    found = asyncio.run(answers(model, [[b"a"], [b"broken"], [b"b"], [b"c"] * BATCH]))
    assert [type(answer) for answer in found] == [dict, ValueError, ValueError, dict]


def test_a_request_that_is_given_up_is_not_classified() -> None:
    model = Model()
    first, given_up, last = asyncio.run(answers(model, [[b"a"], [b"b"], [b"c"]], meanwhile=[0]))
    assert (texts_of(first), texts_of(last)) == ([b"a"], [b"c"])
    assert isinstance(given_up, asyncio.CancelledError)
    assert model.calls == [1, 1]


def test_more_than_may_wait_is_refused() -> None:
    model = Model()
    _, waits, refused, small = asyncio.run(answers(model, [[b"a"], [b"b"] * (WAITING - 1), [b"c", b"d"], [b"e"]]))
    assert len(texts_of(waits)) == WAITING - 1
    assert isinstance(refused, BusyError)
    assert texts_of(small) == [b"e"]
