"""Events: each kind comes out of JSON as it went in, and nothing else does."""

import json

import pytest

from run import events
from run.events import (
    Acknowledged,
    EpochDone,
    Event,
    Failed,
    Finished,
    Joined,
    Member,
    Progress,
    Published,
    Spooled,
    Started,
    from_json,
    to_json,
)

EVENTS = [
    Joined(worker=1, host="host-b", gpus=("GPU-1",), port=40_001),
    Started(worker=1, pid=4711),
    Acknowledged(worker=1),
    Spooled(worker=1, documents={"train": 7, "validation": 0, "test": 1}, seconds=2.5),
    events.Checkpointed(worker=0, epoch=1, step=2),
    Progress(worker=0, epoch=1, epochs=5, step=2, steps=3, documents=512, documents_per_second=99.5, loss=0.7),
    Progress(0, 1, 5, 2, 3, 512, 99.5, 0.7, straggler=events.Straggler(worker=1, times=4.8)),
    EpochDone(0, 1, 512, 0.7, validation_loss=0.6, validation_accuracy=0.8, validation_macro_f1=0.75, seconds=1.5),
    EpochDone(0, 1, 512, 0.7, validation_loss=None, validation_accuracy=None, validation_macro_f1=None, seconds=1.5),
    events.Tested(
        0,
        1,
        2,
        loss=0.6,
        confusion=[[3, 1], [2, 4]],
        members={"textcnn": Member(0.75, [[3, 1], [2, 4]]), "naive Bayes": Member(0.25, [[2, 2], [2, 4]])},
        documents_per_second=99.5,
        train_seconds=3.25,
    ),
    Published(worker=0, model="/模型/1", export_seconds=0.5),
    Failed(worker=1, error="ValueError: 坏\ud800", traceback="Traceback\n  坏", lost_peer=True),
    Finished(worker=1),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_travels_as_json_on_one_line(event: Event) -> None:
    data = to_json(event)
    assert from_json(data) == event
    assert json.loads(data)["kind"] == type(event).__name__
    assert b"\n" not in data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"not json",
        b"null",
        b"[]",
        b'"Finished"',
        b"{}",
        b'{"worker": 1}',
        b'{"kind": "Sleeping", "worker": 1}',
        b'{"kind": ["Finished"], "worker": 1}',
        b'{"kind": "Finished"}',
        b'{"kind": "Finished", "worker": 1, "mood": "good"}',
    ],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own message is as good as ours
        from_json(data)


def test_a_line_of_the_metrics_has_the_time_besides() -> None:
    assert from_json(b'{"time": 1.5, "kind": "Finished", "worker": 1}') == Finished(1)
