"""All that a worker does, from its first block to the published model."""

import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import storage
from run.events import Event, Published, Report, Warned
from storage.publishing import publish
from trainer import devices
from trainer.assignment import Assignment
from trainer.checkpoint import Checkpoints
from trainer.collective import Collective
from trainer.export import check, export, metrics_of
from trainer.inspecting import judged
from trainer.liveness import progress
from trainer.place import Place
from trainer.predecessor import SPOOL
from trainer.scratch import temporary_files_in
from trainer.spool import Spool, spooled
from trainer.step import ReplicatedModel
from trainer.training import Trained, shares_of, train


def run(
    assignment: Assignment,
    place: Place,
    blocks: Iterable[bytes],
    report: Report,
) -> str | None:
    """Spools the worker's blocks, trains with the other workers, and publishes the model if it is the chief.

    Args:
        assignment: what to do.
        place: which of the workers this is.
        blocks: the worker's share of the documents, in any order.
        report: told what happens.

    Returns:
        The URI of the published model, on the chief.

    Raises:
        DeviceError: the worker does not have the GPU that it was promised.
        StorageError: this machine cannot write to the run's folder; found before any work, not after it.
    """
    language, config = assignment.language, assignment.config
    devices.take(place)

    def warn(text: str) -> None:
        report(Warned(place.worker, text))

    if place.is_chief:
        storage.outlasting(lambda: storage.check_writable(storage.parent(assignment.models)), warn)
    with TemporaryDirectory(prefix=SPOOL, dir=".") as scratch, temporary_files_in(scratch):
        collective = Collective(place, config.train.deterministic)
        collective.gather(1.0)  # workers that do not reach each other are found now, while none has to wait for long
        spool = Spool(Path(scratch) / "blocks", config.text.views)
        report(spooled(place.worker, spool, blocks, report))
        # Which worker has which share is chance: what follows must not depend on it.
        with progress.waiting():
            collective.rank_by(spool.first)
        shares = shares_of(spool)
        model = ReplicatedModel(config.model, config.train, language.sizes, len(language.labels), collective)
        if assignment.vectors is not None:
            model.embed(assignment.vectors)
        report_of_all = report if place.is_chief else _nobody
        seconds = config.train.checkpoint_seconds
        with Checkpoints(assignment.checkpoints, seconds, place.worker, report_of_all) as checkpoints:
            trained = train(model, config.train, shares, report_of_all, checkpoints)
        report_of_all(judged(trained.model, shares["test"], language, collective))
        published = None
        if place.is_chief:
            published = _publish(assignment, model, trained, Path(scratch), report)
        with progress.waiting():
            collective.gather(1.0)  # nobody leaves before the model is in place
        return published


def _nobody(_: Event) -> None:
    """Hears what all workers know: the chief tells it."""


def _publish(
    assignment: Assignment,
    model: ReplicatedModel,
    trained: Trained,
    scratch: Path,
    report: Report,
) -> str:
    begun, worker = time.monotonic(), model.collective.place.worker
    exported = scratch / "model"
    card = {
        "rows": assignment.rows,
        "metrics": metrics_of(trained.test),
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
    }
    progress.beat()
    export(trained.model, assignment.language, assignment.config, card, assignment.golden, exported)
    progress.beat()
    check(exported)
    progress.beat()
    with progress.waiting():  # an outage of HDFS is waited for
        published = publish(exported, assignment.models, lambda text: report(Warned(worker, text)))
    report(Published(worker, published, time.monotonic() - begun))
    return published
