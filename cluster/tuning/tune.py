"""Looks for the best values of what a run file's `[tune]` names: a run for each trial, the next chosen by Optuna."""

import json
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import storage
from cluster.errors import TuningError
from cluster.spark_submit import Launch
from cluster.tuning.journal import storage_in
from cluster.tuning.progress import Figures, Verdict, Watch
from run import folder, settings
from run.config import RunConfig
from run.errors import SettingsError
from run.ranges import Range, Values
from run.result import Result
from run.terminal import percent

Run = Callable[[Launch], int]
"""Runs a launch to its end; returns its exit status."""

BEST = "best.toml"
CORPUS = "corpus"
JOURNAL = "trials.jsonl"
PREPARING = "preparing"

UNPRUNED_TRIALS = 4
"""So many trials are trained to their end before one is given up: a median of fewer says little."""
UNPRUNED_EPOCHS = 1
"""What a run does in its first epoch says little of its last."""
FAILURES = 5
"""So many failed trials one after the other are not the fault of their values."""

NOT_TUNED = ("data", "tune")
METRIC = "train.metric"
RETRIES = "retries"
"""What a trial is said to be that has the values of one that was stopped: that one's number."""


@dataclass(frozen=True)
class Budget:
    """When to end; the running trial is not waited for."""

    trials: int
    """Trials of the folder in all, those of an earlier call included; those that were stopped do not count."""
    deadline: float | None = None
    """In the seconds of time.monotonic."""

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return self.deadline is not None and time.monotonic() >= self.deadline


class Tuning:
    """The trials in a folder, those that were made and those to come."""

    def __init__(self, launch: Launch, run: Run, received: Sequence[signal.Signals], console: Console):
        """Opens the folder of a tuning, or begins one there. Trials that were running when it was killed are stopped.

        Args:
            launch: of a trial; its folder is that of the tuning.
            run: runs a launch.
            received: the signals that have come (`signals.raised`).
            console: for what is told between the trials.

        Raises:
            SettingsError: the run file has no ranges, or one with a value that cannot be used.
            StorageError: the folder cannot be written.
            TuningError: the folder has the trials of another run file.
        """
        assert launch.run_file is not None
        self._launch = replace(launch, out=storage.absolute(launch.out))
        self._run, self._received, self._console = run, received, console
        self._config = settings.read(RunConfig, launch.run_file, launch.changes)
        check(self._config, launch.run_file, launch.changes)
        storage.check_writable(self._launch.out)
        self._failures = 0
        self._study = _study(self._config, storage.join(self._launch.out, JOURNAL))
        for trial in self._of(TrialState.RUNNING):
            self._stop(trial)

    @property
    def counted(self) -> int:
        """Trials that were made and not stopped."""
        made = self._of(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        return len({trial.number for trial in made} - self._stopped)

    @property
    def best(self) -> FrozenTrial | None:
        """The best trial that was trained to its end."""
        complete = self._of(TrialState.COMPLETE)
        return min(complete, key=lambda trial: self._sign * (trial.value or 0.0)) if complete else None

    @property
    def best_file(self) -> Path:
        """Where the best run file goes: into the folder, or for one on HDFS to a place on this machine."""
        out = self._launch.out
        here = Path(out) if storage.is_local(out) else Path("runs", PurePosixPath(out).name)
        return here.absolute() / BEST

    def tune(self, budget: Budget, prepare: Path) -> int:
        """Makes trials until the budget is spent; returns the exit status.

        Args:
            budget: when to end.
            prepare: the driver's script that prepares a corpus; trials share one where no setting of it is tuned.

        Raises:
            KeyboardInterrupt: a person has ended it; the running trial is stopped, all others are known.
            TuningError: a trial cannot be run as it is said.
        """
        status, corpus = self._corpus(prepare)
        while status == 0 and self.counted < budget.trials and not budget.late:
            self._trial(budget, corpus)
            if self._failures == FAILURES:
                self._console.print(f"{FAILURES} trials have failed one after the other: their values are not why.")
                status = 1
        return status

    def show(self, profile: str) -> None:
        """Prints all trials, and how to train with the best values."""
        self._console.print(self._table())
        best = self.best
        if best is None:
            self._console.print("No trial has come to its end, so there is no best one.")
            return
        figure = f"validation {self._config.train.metric} {self._shown(best.value)}"
        lines = (
            f"best: trial {best.number}, {figure}; its model is in {self._folder(best)}",
            f"Its settings are in {self.best_file}. To train with them again:",
            f"  textcnn train {self.best_file} --profile {profile}",
        )
        self._console.print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)

    @property
    def _sign(self) -> int:
        return 1 if self._config.train.metric == "loss" else -1

    @property
    def _stopped(self) -> set[int]:
        """The numbers of the trials that were stopped."""
        return {trial.user_attrs[RETRIES] for trial in self._study.trials if RETRIES in trial.user_attrs}

    def _of(self, *states: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=states)

    def _folder(self, trial: FrozenTrial | Trial) -> str:
        return storage.join(self._launch.out, f"trial-{trial.number:03d}")

    def _corpus(self, prepare: Path) -> tuple[int, list[str]]:
        """Prepares the documents once for all trials where that can be; returns a status, and a trial's arguments."""
        changed = any(name.startswith("text.") for name in self._config.tune)
        if changed or self._config.data.unlabelled is not None:
            return 0, []
        corpus, status = storage.join(self._launch.out, CORPUS), 0
        if not storage.exists(storage.join(corpus, "manifest.json")):
            self._console.print("preparing the documents once for all trials")
            out = storage.join(self._launch.out, PREPARING)
            status = self._run(replace(self._launch, script=prepare, out=out, options=["--output", corpus]))
        return status, ["--prepared", corpus]

    def _trial(self, budget: Budget, arguments: Sequence[str]) -> None:
        trial = self._study.ask()
        changes = [f"{name}={_chosen(trial, name, values)}" for name, values in self._config.tune.items()]
        assert self._launch.run_file is not None
        try:
            settings.read(RunConfig, self._launch.run_file, [*self._launch.changes, *changes])
        except SettingsError as error:
            self._fail(trial, str(error))
            raise TuningError(f"The values of trial {trial.number} do not go together: {error}") from error
        self._console.print(f"trial {trial.number}: {', '.join(changes)}", soft_wrap=True, markup=False)
        out = self._folder(trial)
        launch = replace(self._launch, changes=[*self._launch.changes, *changes], out=out, options=arguments)
        figures = Figures(out, self._config.train.metric)
        watch = Watch(figures, lambda epoch, figure: _hopeless(trial, epoch, figure), budget.deadline, self._received)
        begun = time.monotonic()
        try:
            status = self._ended(watch, launch)
        except KeyboardInterrupt:
            self._stop(trial)
            raise
        trial.set_user_attr("seconds", time.monotonic() - begun)
        self._take(trial, status, figures, watch.verdict)

    def _ended(self, watch: Watch, launch: Launch) -> int:
        """Runs a trial; returns its exit status."""
        try:
            with watch:
                status = self._run(launch)
        except KeyboardInterrupt:
            if watch.verdict is None:
                raise
            return 1  # it was given up when it was about to end by itself
        if status and watch.interrupted:
            raise KeyboardInterrupt(self._received[-1].name)
        return status

    def _take(self, trial: Trial, status: int, figures: Figures, verdict: Verdict | None) -> None:
        """Takes in how a trial has ended."""
        for epoch, figure in figures.new():
            trial.report(figure, epoch)
        if status == 0:
            self._complete(trial, figures)
        elif verdict is Verdict.PRUNED:
            self._study.tell(trial, state=TrialState.PRUNED)
            self._failures = 0
        elif verdict is Verdict.LATE:
            self._stop(trial)
        else:
            error = self._error(trial)
            self._fail(trial, error)
            if status == 2:
                raise TuningError(f"Trial {trial.number} cannot be run: {error}")

    def _complete(self, trial: Trial, figures: Figures) -> None:
        if not figures.by_epoch:
            self._fail(trial, "no validation documents")
            raise TuningError(
                "Trials are compared by their validation documents, and there are none.",
                "Set data.validation_fraction above 0, or give data.validation.",
            )
        self._study.tell(trial, self._best_of(figures.by_epoch.values()))
        self._failures = 0
        best = self.best
        if best is not None and best.number == trial.number:
            self.best_file.parent.mkdir(parents=True, exist_ok=True)
            storage.write(str(self.best_file), settings.to_toml(self._with(best.params)).encode())

    def _with(self, chosen: Mapping[str, str | float]) -> dict[str, Any]:
        """The run file with values in place of the ranges."""
        assert self._launch.run_file is not None
        changes = [f"{name}={_toml(value)}" for name, value in chosen.items()]
        values = settings.values_of(self._launch.run_file, [*self._launch.changes, *changes])
        return {name: value for name, value in values.items() if name != "tune"}

    def _error(self, trial: Trial) -> str:
        file = storage.join(self._folder(trial), folder.RESULT)
        error = Result.from_json(storage.read(file)).error if storage.exists(file) else None
        return error or "it has left no result; its logs are in its folder"

    def _fail(self, trial: Trial, error: str) -> None:
        trial.set_user_attr("error", error)
        self._study.tell(trial, state=TrialState.FAIL)
        self._failures += 1

    def _stop(self, trial: FrozenTrial | Trial) -> None:
        """Has a trial that was stopped made anew: nothing is known of its values."""
        if trial.number not in self._stopped:
            self._study.enqueue_trial(trial.params, user_attrs={RETRIES: trial.number})
        self._study.tell(trial.number, state=TrialState.FAIL)

    def _table(self) -> Table:
        names, stopped = list(self._config.tune), self._stopped
        table = Table("trial", "outcome", f"validation {self._config.train.metric}", "epochs", "seconds", *names)
        for column in table.columns[2:]:
            column.justify, column.overflow = "right", "fold"
        for trial in self._of(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
            figures, seconds = trial.intermediate_values, trial.user_attrs.get("seconds")
            outcome = "stopped, to be made again" if trial.number in stopped else _outcome(trial)
            row = (
                str(trial.number),
                outcome,
                self._shown(self._best_of(figures.values()) if figures else None),
                str(max(figures, default=0)),
                "–" if seconds is None else f"{seconds:.0f}",
                *(_short(trial.params[name]) if name in trial.params else "–" for name in names),
            )
            table.add_row(*map(escape, row))
        return table

    def _best_of(self, figures: Iterable[float]) -> float:
        return min(figures, key=lambda figure: self._sign * figure)

    def _shown(self, figure: float | None) -> str:
        return percent(figure) if figure is None or self._sign < 0 else f"{figure:.4f}"


def tune(
    launch: Launch,
    budget: Budget,
    prepare: Path,
    run: Run,
    received: Sequence[signal.Signals],
    console: Console,
    profile: str,
) -> int:
    """Goes on with a tuning, or begins one, until its budget is spent or a signal comes; prints what is known then.

    Args:
        launch: of a trial; its folder is that of the tuning.
        budget: when to end.
        prepare: the driver's script that prepares a corpus.
        run: runs a launch.
        received: the signals that have come (`signals.raised`).
        console: for what is told between the trials, and the table.
        profile: where it runs, as a command names it.

    Returns:
        0 if there is a best trial; 1 if there is none, or a signal or failures have ended it; else a run's status.

    Raises:
        SettingsError: the run file has no ranges, or one with a value that cannot be used.
        TuningError: the folder has the trials of another run file, or a trial cannot be run as it is said.
    """
    tuning = Tuning(launch, run, received, console)
    try:
        status = tuning.tune(budget, prepare)
    except KeyboardInterrupt as interrupt:
        console.print(f"The tuning was ended by {interrupt}. The same command goes on with it.")
        status = 1
    finally:
        tuning.show(profile)
    return status if tuning.best else status or 1


def check(config: RunConfig, run_file: Path, changes: Sequence[str]) -> None:
    """Makes sure that each value that can be chosen is one that its setting may have.

    Raises:
        SettingsError: it is not, there is no such setting, or there are no ranges.
    """
    if not config.tune:
        raise SettingsError(
            f"{run_file} does not say what to tune.",
            'Add, for instance: [tune] and below it "train.learning_rate" = {low = 1e-4, high = 1e-2, log = true}',
        )
    for name, values in config.tune.items():
        if name.partition(".")[0] in NOT_TUNED or name in ("name", METRIC):
            raise SettingsError(
                f"tune: {name!r} is the same in all trials, or they could not be compared.",
                "Tune settings of text, model and train.",
            )
        for value in values.extremes if isinstance(values, Range) else values:
            try:
                settings.read(RunConfig, run_file, [*changes, f"{name}={_text(value)}"])
            except SettingsError as error:
                raise SettingsError(f"tune: {name} = {_text(value)} cannot be used. {error}") from None


def _study(config: RunConfig, uri: str) -> optuna.Study:
    """Opens the study in a file, or begins one."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kept = storage_in(uri)
    study = optuna.create_study(
        storage=kept,
        study_name="textcnn",
        load_if_exists=True,
        direction="minimize" if config.train.metric == "loss" else "maximize",
        pruner=MedianPruner(UNPRUNED_TRIALS, UNPRUNED_EPOCHS + 1),
    )
    # A sampler that begins again with the same seed would choose again what it has chosen.
    study.sampler = TPESampler(seed=config.train.seed + len(study.trials))
    now = settings.to_json(config)
    before = study.user_attrs.get("config", now)
    if before != now:
        raise TuningError(
            f"The trials in {storage.parent(uri)} are of other settings, and cannot be compared with new ones.",
            "Give another --out, or the run file and --set as they were.",
        )
    study.set_user_attr("config", now)
    return study


def _chosen(trial: Trial, name: str, values: Values) -> str:
    """Chooses a value; returns it as the run file has it."""
    if not isinstance(values, Range):
        return str(trial.suggest_categorical(name, [_text(value) for value in values]))
    if values.whole:
        return str(trial.suggest_int(name, int(values.low), int(values.high), log=values.log))
    return _text(trial.suggest_float(name, values.low, values.high, log=values.log))


def _hopeless(trial: Trial, epoch: int, figure: float) -> bool:
    trial.report(figure, epoch)
    return trial.should_prune()


def _outcome(trial: FrozenTrial) -> str:
    if trial.state is TrialState.FAIL:
        return f"failed: {trial.user_attrs.get('error', '').partition(chr(10))[0]}"
    return "given up" if trial.state is TrialState.PRUNED else "trained"


def _text(value: Any) -> str:
    """A value of the run file as TOML."""
    return json.dumps(value, ensure_ascii=False)


def _toml(chosen: str | float) -> str:
    """A value as Optuna has it, as TOML: what was chosen from a list is TOML already."""
    return chosen if isinstance(chosen, str) else _text(chosen)


def _short(chosen: str | float) -> str:
    """A value for the table; best.toml has all its digits."""
    return f"{chosen:.4g}" if isinstance(chosen, float) else str(chosen)
