"""A tuning: which trials it makes, what it knows of them, and what is left when it is ended."""

import io
import json
import signal
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cluster.errors import TuningError
from cluster.spark_submit import Launch
from cluster.tuning.tune import FAILURES, UNPRUNED_TRIALS, Budget, Tuning, tune
from run import settings, signals
from run.config import RunConfig
from run.errors import SettingsError
from run.events import EpochDone, to_json
from run.result import Result

TRAIN, PREPARE = Path("train.py"), Path("prepare.py")
RUN = """
name = "reviews"
[data]
input = "reviews.jsonl"
columns = ["标签", "text"]
[model]
networks = ["mlp"]
[tune]
"train.learning_rate" = {low = 1e-4, high = 1e-2, log = true}
"model.filters" = [64, 128, 256]
train.batch_size = {low = 16, high = 64}
model.networks = [["textcnn"], ["mlp", "textrnn"]]
"""

Figures = Callable[[RunConfig], Sequence[float]]


class Runs:
    """Runs a launch as a driver does whose networks learn as `figures` says: its metrics, its result, its status."""

    def __init__(self, figures: Figures, after: Callable[[Launch], None] = lambda _: None):
        """`after` is called when all epochs are told, before the result is written."""
        self._figures = figures
        self._after = after
        self.launched: list[Launch] = []
        self.configs: list[RunConfig] = []

    def __call__(self, launch: Launch) -> int:
        out = Path(launch.out)
        if launch.script == PREPARE:
            corpus = Path(launch.options[1])
            corpus.mkdir(parents=True)
            (corpus / "manifest.json").write_text("{}", encoding="utf-8")
            return 0
        assert launch.run_file is not None
        config = settings.read(RunConfig, launch.run_file, launch.changes)
        self.launched.append(launch)
        self.configs.append(config)
        (out / "metrics").mkdir(parents=True)
        try:
            for epoch, figure in enumerate(self._figures(config), 1):
                done = EpochDone(0, epoch, 80, 0.5, 1 - figure, figure, figure, 1.0)
                with open(out / "metrics" / "run.jsonl", "ab") as metrics:
                    metrics.write(to_json(done) + b"\n")
            self._after(launch)
        except RuntimeError as error:
            return self._end(out, Result(error=str(error)))
        except ValueError as error:
            return self._end(out, Result(exit_status=2, error=str(error)))
        except KeyboardInterrupt as interrupt:
            return self._end(out, Result(error=f"The run was ended by {interrupt}."))
        return self._end(out, Result(status="succeeded", exit_status=0))

    def _end(self, out: Path, result: Result) -> int:
        (out / "result.json").write_text(result.to_json(), encoding="utf-8")
        return result.exit_status


def rising(config: RunConfig) -> list[float]:
    """More filters are better, and the second of three epochs is the best."""
    best = config.model.filters / 1000
    return [best - 0.02, best, best - 0.01]


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    return launch_of(tmp_path, RUN)


@pytest.fixture
def received() -> Iterator[list[signal.Signals]]:
    with signals.raised() as received:
        yield received


def launch_of(folder: Path, run_file: str) -> Launch:
    path = folder / "run.toml"
    path.write_text(run_file, encoding="utf-8")
    return Launch(name="reviews", script=TRAIN, run_file=path, changes=["train.seed=7"], out=str(folder / "out"))


def tuned(launch: Launch, runs: Runs, budget: Budget, received: Sequence[signal.Signals] = ()) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=250)
    status = tune(launch, budget, PREPARE, runs, received, console, "yarn-cpu")
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def outcomes(said: str) -> list[str]:
    """The outcomes in the table that was printed last."""
    return [line.split("│")[2].strip() for line in said.splitlines() if line.startswith("│")]


def test_each_trial_is_a_run_with_values_of_the_ranges_in_a_folder_of_its_own(launch: Launch) -> None:
    runs = Runs(rising)
    assert tuned(launch, runs, Budget(4))[0] == 0
    assert [Path(made.out).name for made in runs.launched] == [f"trial-00{number}" for number in range(4)]
    for config in runs.configs:
        assert 1e-4 <= config.train.learning_rate <= 1e-2
        assert config.model.filters in (64, 128, 256)
        assert 16 <= (config.train.batch_size or 0) <= 64
        assert config.model.networks in (("textcnn",), ("mlp", "textrnn"))
        assert config.train.seed == 7  # what the user has changed stays
    assert len({config.train.learning_rate for config in runs.configs}) == 4


def test_the_best_run_file_is_that_of_the_trial_whose_best_epoch_is_best(launch: Launch) -> None:
    runs = Runs(rising)
    _, said = tuned(launch, runs, Budget(6))
    best = Path(launch.out, "best.toml")
    config, chosen = settings.read(RunConfig, best), max(runs.configs, key=lambda config: config.model.filters)
    assert config.model.filters == chosen.model.filters
    assert config.data.columns == ("标签", "text")
    assert config.train.seed == 7
    assert "tune" not in tomllib.loads(best.read_text(encoding="utf-8"))
    assert f"validation accuracy {chosen.model.filters / 10:.2f} %" in said
    assert f"textcnn train {best} --profile yarn-cpu" in said


def test_a_loss_is_the_better_the_smaller_it_is(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, RUN.replace("[tune]", "[train]\nmetric = 'loss'\n[tune]"))
    runs = Runs(rising)
    _, said = tuned(launch, runs, Budget(6))
    most = max(config.model.filters for config in runs.configs)
    assert settings.read(RunConfig, Path(launch.out, "best.toml")).model.filters == most
    assert f"validation loss {1 - most / 1000:.4f}" in said


def test_documents_are_prepared_once_where_no_setting_of_text_is_tuned(launch: Launch, tmp_path: Path) -> None:
    runs = Runs(rising)
    tuned(launch, runs, Budget(2))
    tuned(launch, runs, Budget(3))
    assert {tuple(made.options) for made in runs.launched} == {("--prepared", f"{launch.out}/corpus")}
    (tmp_path / "other").mkdir()
    other = launch_of(tmp_path / "other", RUN + "text.max_length = [64, 128]\n")
    runs = Runs(rising)
    tuned(other, runs, Budget(1))
    assert not runs.launched[0].options


def test_a_tuning_goes_on_where_it_was_and_does_not_choose_the_same_again(launch: Launch) -> None:
    runs = Runs(rising)
    tuned(launch, runs, Budget(2))
    tuned(launch, runs, Budget(5))
    assert [Path(made.out).name for made in runs.launched] == [f"trial-00{number}" for number in range(5)]
    assert len({config.train.learning_rate for config in runs.configs}) == 5


def test_a_trial_that_was_running_when_all_was_killed_is_made_again(launch: Launch) -> None:
    class KilledError(BaseException):
        """Nothing of the tuning runs after it, as after a kill."""

    def killed(_: Launch) -> None:
        raise KilledError

    runs = Runs(rising, killed)
    with pytest.raises(KilledError):
        Tuning(launch, runs, [], Console(file=io.StringIO())).tune(Budget(3), PREPARE)
    runs_again = Runs(rising)
    status, said = tuned(launch, runs_again, Budget(3))
    assert status == 0
    assert runs_again.configs[0] == runs.configs[0]
    assert outcomes(said) == ["stopped, to be made again", "trained", "trained", "trained"]


def test_a_signal_ends_the_running_trial_and_keeps_what_is_known(
    launch: Launch, received: list[signal.Signals]
) -> None:
    def interrupt(launched: Launch) -> None:
        if launched.out.endswith("trial-001"):
            signal.raise_signal(signal.SIGINT)

    runs = Runs(rising, interrupt)
    status, said = tuned(launch, runs, Budget(5), received)
    assert (status, len(runs.launched)) == (1, 2)
    assert "The tuning was ended by SIGINT. The same command goes on with it." in said
    assert outcomes(said) == ["trained", "stopped, to be made again"]
    assert Path(launch.out, "best.toml").exists()
    again = Runs(rising)
    tuned(launch, again, Budget(2), received)
    assert again.configs == runs.configs[1:]


def test_a_trial_that_does_worse_than_the_others_is_given_up(launch: Launch, received: list[signal.Signals]) -> None:
    def wait_if_bad(launched: Launch) -> None:
        if launched.out.endswith(f"trial-00{UNPRUNED_TRIALS}"):
            time.sleep(30)  # its epochs go on, until the signal comes

    numbers = iter(range(9))
    runs = Runs(lambda _: [0.5, 0.6] if next(numbers) == UNPRUNED_TRIALS else [0.7, 0.8], wait_if_bad)
    status, said = tuned(launch, runs, Budget(UNPRUNED_TRIALS + 2), received)
    assert status == 0
    assert outcomes(said) == [*["trained"] * UNPRUNED_TRIALS, "given up", "trained"]


def test_when_the_time_is_over_the_running_trial_is_ended_too(launch: Launch, received: list[signal.Signals]) -> None:
    def wait(launched: Launch) -> None:
        if launched.out.endswith("trial-001"):
            time.sleep(30)  # until the signal comes

    begun = time.monotonic()
    runs = Runs(rising, wait)
    status, said = tuned(launch, runs, Budget(9, begun + 1), received)
    assert time.monotonic() - begun < 20
    assert (status, len(runs.launched)) == (0, 2)
    assert outcomes(said) == ["trained", "stopped, to be made again"]


def test_no_trial_begins_when_the_time_is_over(launch: Launch) -> None:
    runs = Runs(rising)
    status, said = tuned(launch, runs, Budget(9, time.monotonic()))
    assert (status, runs.launched) == (1, [])
    assert "No trial has come to its end" in said


def test_a_trial_that_diverges_has_failed_and_the_tuning_goes_on(launch: Launch) -> None:
    def diverge(launched: Launch) -> None:
        if launched.out.endswith("trial-000"):
            raise RuntimeError("Training has diverged.\nLower train.learning_rate.")

    status, said = tuned(launch, Runs(rising, diverge), Budget(3))
    assert status == 0
    assert outcomes(said) == ["failed: Training has diverged.", "trained", "trained"]


def test_trials_that_all_fail_end_the_tuning(launch: Launch) -> None:
    def lose(_: Launch) -> None:
        raise RuntimeError("no executors")

    runs = Runs(rising, lose)
    status, said = tuned(launch, runs, Budget(20))
    assert (status, len(runs.launched)) == (1, FAILURES)
    assert "their values are not why" in said


def test_an_error_of_the_data_ends_the_tuning_with_its_message(launch: Launch) -> None:
    def refuse(_: Launch) -> None:
        raise ValueError("data.input: there is no such file.")

    runs = Runs(rising, refuse)
    with pytest.raises(TuningError, match=r"Trial 0 cannot be run: data\.input: there is no such file\."):
        tuned(launch, runs, Budget(3))
    assert len(runs.launched) == 1


def test_without_validation_documents_there_is_nothing_to_choose_by(launch: Launch) -> None:
    with pytest.raises(TuningError, match=r"Set data\.validation_fraction above 0"):
        tuned(launch, Runs(lambda _: []), Budget(3))


def test_values_that_do_not_go_together_are_refused_before_the_trial(tmp_path: Path) -> None:
    views = "text.views = [['char'], ['char', 'word']]\nmodel.views = [['word'], ['char', 'word']]"
    launch = launch_of(tmp_path, f"[data]\ninput = 'x'\n[model]\nviews = ['char', 'word']\n[tune]\n{views}\n")
    runs = Runs(rising)
    with pytest.raises(TuningError, match=r"do not go together: .*need a view of text\.views"):
        tuned(launch, runs, Budget(30))
    assert all(set(config.text.views) & set(config.model.views) for config in runs.configs)


def test_trials_of_other_settings_are_not_mixed_with_these(launch: Launch, tmp_path: Path) -> None:
    tuned(launch, Runs(rising), Budget(1))
    other = launch_of(tmp_path, RUN.replace("64, 128, 256", "64, 128"))
    with pytest.raises(TuningError, match="Give another --out"):
        tuned(other, Runs(rising), Budget(2))


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ("", r"run\.toml does not say what to tune\. Add, for instance: \[tune\]"),
        ("train.learning_speed = [1.0]", r"unknown key 'train\.learning_speed'\. Did you mean 'train\.learning_rate'"),
        (
            "train.learning_rate = {low = 0.0, high = 1.0}",
            r"train\.learning_rate = 0\.0 cannot be.*greater than 0",
        ),
        ("model.filters = {low = 16.0, high = 64.0}", r"model\.filters = 16\.0 cannot be used.*valid integer"),
        ("train.decay = ['linear', 'steep']", r'train\.decay = "steep" cannot be used'),
        ("data.input = ['a', 'b']", r"'data\.input' is the same in all trials"),
        ("train.metric = ['loss', 'accuracy']", r"'train\.metric' is the same in all trials"),
        ("train.epochs = {low = 3, high = 3}", "low must be below high"),
        ("train.epochs = []", "list distinct values, at least one"),
    ],
)
def test_a_range_that_cannot_be_used_is_refused_before_any_trial(tmp_path: Path, ranges: str, message: str) -> None:
    launch = launch_of(tmp_path, f"[data]\ninput = 'x'\n[tune]\n{ranges}\n")
    runs = Runs(rising)
    with pytest.raises(SettingsError, match=message):
        tuned(launch, runs, Budget(1))
    assert not runs.launched
    assert not Path(launch.out).exists()


def test_what_is_known_is_lines_of_json_that_are_whole(launch: Launch) -> None:
    tuned(launch, Runs(rising), Budget(2))
    lines = Path(launch.out, "trials.jsonl").read_bytes().splitlines()
    known: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert len(known) > 10
