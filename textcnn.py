"""The command line: `textcnn train`, `compare`, `predict`, `evaluate`, `show`, `doctor`, `pack`, `logs` and `hadoop`.

It parses arguments and hands over to the folder whose machine does the work.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from cluster import compare, local, pack
from cluster.doctor import command as doctor
from cluster.errors import ClusterError
from cluster.spark_submit import Launch
from cluster.yarn import client
from cluster.yarn import launch as yarn
from cluster.yarn.uris import on_hdfs
from local_hadoop import command as hadoop
from run import profile, settings, signals
from run.config import RunConfig
from run.errors import SettingsError
from run.profile import Profile
from storage import StorageError
from text.errors import DataError
from trainer import card
from trainer.errors import TrainerError

DRIVER = Path(__file__).with_name("spark_driver") / "train.py"
BASELINES = DRIVER.with_name("baselines.py")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status: 0, 2 for what the user can fix, 1 for anything else."""
    own, passed_on = _at_dashes(sys.argv[1:] if arguments is None else list(arguments))
    if own[:1] == ["hadoop"]:
        return hadoop.main(own[1:])  # a command line of its own
    commands = parser()
    options = commands.parse_args(own)
    if passed_on and options.run not in (_train, _compare, _doctor):
        commands.error(
            f"only train, compare and doctor take arguments for spark-submit. Received after --: {' '.join(passed_on)}"
        )
    options.passed_on = passed_on
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (SettingsError, ClusterError, DataError, StorageError) as error:
        print(f"textcnn: {error}", file=sys.stderr)
        return 2
    except TrainerError as error:
        print(f"textcnn: {error}", file=sys.stderr)
        return 1


def _at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Splits arguments at the first `--`."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


PLACES = {"local": local.train, "yarn": yarn.train}


def _train(options: argparse.Namespace) -> int:
    where, launch = _launch(options, "")
    try:
        with signals.raised():
            return PLACES[where.master](where, launch, options.dry_run)
    except KeyboardInterrupt as interrupt:
        print(f"textcnn: {interrupt} before anything was submitted", file=sys.stderr)
        return 1


def _compare(options: argparse.Namespace) -> int:
    where, launch = _launch(options, "compared-")
    if where.master == "yarn":
        launch = replace(launch, out=on_hdfs(launch.out, where.principal))
    run = partial(PLACES[where.master], where, dry_run=False)
    try:
        with signals.raised():
            return compare.compare(options.models, launch, BASELINES, run, Console())
    except KeyboardInterrupt as interrupt:
        print(f"textcnn: {interrupt} between two runs", file=sys.stderr)
        return 1


def _launch(options: argparse.Namespace, kind: str) -> tuple[Profile, Launch]:
    """Where to run, and what; a folder that is not given is named by the run, the kind of the launch, and the time."""
    config = settings.read(RunConfig, options.run_file, options.set)
    launch = Launch(
        name=config.name,
        script=DRIVER,
        run_file=options.run_file,
        changes=options.set,
        out=options.out or f"runs/{config.name}-{kind}{time.strftime('%Y%m%d-%H%M%S')}",
        passed_on=options.passed_on,
    )
    return settings.read(Profile, profile.path_of(options.profile)), launch


def _doctor(options: argparse.Namespace) -> int:
    return doctor.doctor(settings.read(Profile, profile.path_of(options.profile)), options.passed_on)


def _pack(options: argparse.Namespace) -> int:
    archive, there_before = pack.pack(options.output)
    print(f"{'found' if there_before else 'packed'} {archive}, {archive.stat().st_size / 1e6:.0f} MB", file=sys.stderr)
    print(archive)
    return 0


def _logs(options: argparse.Namespace) -> int:
    client.print_logs(options.application)
    return 0


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what TensorFlow's libraries print while they are loaded, whatever its log level, off the terminal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _show(options: argparse.Namespace) -> int:
    print(card.described(card.model_of(options.model)))
    return 0


def _predict(options: argparse.Namespace) -> int:
    with _quiet():
        from trainer.serving import Classifier  # brings TensorFlow

    for prediction in Classifier(options.model).predict(_texts(options)):
        if options.json:
            print(json.dumps(asdict(prediction), ensure_ascii=False))
        else:
            print(f"{prediction.label}\t{prediction.score:.4f}\t{prediction.text}")
    return 0


def _texts(options: argparse.Namespace) -> Iterator[str]:
    yield from options.text
    if options.file is None and options.text:
        return
    try:
        with sys.stdin if options.file in (None, Path("-")) else options.file.open(encoding="utf-8") as file:
            yield from (line.rstrip("\r\n") for line in file)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{options.file} cannot be read as UTF-8 text, one document a line: {error}") from error


def _evaluate(options: argparse.Namespace) -> int:
    with _quiet():
        from trainer.evaluating import evaluate  # brings TensorFlow
        from trainer.serving import Classifier

    classifier = Classifier(options.model)
    evaluation, left_out = evaluate(classifier, options.data)
    _explain(left_out)
    if options.json:
        print(
            json.dumps(
                {
                    "accuracy": evaluation.accuracy,
                    "macro_f1": evaluation.macro_f1,
                    "rows": evaluation.rows,
                    "confusion_matrix": evaluation.confusion.tolist(),
                    "labels": classifier.labels,
                },
                ensure_ascii=False,
            )
        )
    else:
        print(f"accuracy {evaluation.accuracy:.4f}, macro-F1 {evaluation.macro_f1:.4f}, {evaluation.rows} rows")
        for label, precision, recall, f1 in zip(
            classifier.labels, evaluation.precision, evaluation.recall, evaluation.f1, strict=True
        ):
            print(f"{label}: precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}")
    return 0


def _explain(left_out: Counter[str]) -> None:
    if left_out:
        reasons = ", ".join(f"{reason}: {number}" for reason, number in sorted(left_out.items()))
        print(f"textcnn: {left_out.total()} rows left out ({reasons})", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    top = argparse.ArgumentParser(prog="textcnn", description="Trains Chinese text classifiers on Spark.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a model and publish it",
        usage="textcnn train RUN.toml [--profile NAME|FILE] [--set section.key=value …] [--out DIR] [--dry-run] "
        "[-- spark-submit arguments]",
        epilog=_keys(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("run_file", type=Path, metavar="RUN.toml", help="what to learn")
    train.add_argument("--profile", default="local", metavar="NAME|FILE", help="where to run (default: local)")
    train.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change the run file")
    train.add_argument(
        "--out", metavar="DIR", help="the run's folder, on YARN a path or URI on HDFS (default: runs/NAME-TIME)"
    )
    train.add_argument("--dry-run", action="store_true", help="print the spark-submit command and stop")
    train.set_defaults(run=_train)

    comparing = commands.add_parser(
        "compare",
        help="train several models on the same documents and put them side by side",
        usage="textcnn compare RUN.toml [--models NAME …] [--profile NAME|FILE] [--set section.key=value …] "
        "[--out DIR] [-- spark-submit arguments]",
    )
    comparing.add_argument("run_file", type=Path, metavar="RUN.toml", help="what to learn")
    comparing.add_argument(
        "--models",
        nargs="+",
        choices=compare.MODELS,
        default=["mixture", "ml_naive_bayes", "ml_logistic_regression"],
        metavar="NAME",
        help=f"of {', '.join(compare.MODELS)}; mixture is the run file's own (default: mixture, ml_naive_bayes, "
        "ml_logistic_regression)",
    )
    comparing.add_argument("--profile", default="local", metavar="NAME|FILE", help="where to run (default: local)")
    comparing.add_argument(
        "--set", action="append", default=[], metavar="section.key=value", help="change the run file"
    )
    comparing.add_argument("--out", metavar="DIR", help="the folder of the runs (default: runs/NAME-compared-TIME)")
    comparing.set_defaults(run=_compare)

    predict = commands.add_parser("predict", help="classify texts")
    predict.add_argument("model", metavar="MODEL", help="a model, or the folder of a run")
    predict.add_argument("--text", action="append", default=[], help="a text; may be given more than once")
    predict.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a text a line; - for standard input")
    predict.add_argument("--json", action="store_true", help="a JSON object a line")
    predict.set_defaults(run=_predict)

    evaluate = commands.add_parser("evaluate", help="judge a model on labelled documents")
    evaluate.add_argument("model", metavar="MODEL", help="a model, or the folder of a run")
    evaluate.add_argument(
        "data", type=Path, metavar="DATA", help="a file as the run's input: .tsv, .csv, .jsonl, .parquet"
    )
    evaluate.add_argument("--json", action="store_true", help="a JSON object")
    evaluate.set_defaults(run=_evaluate)

    show = commands.add_parser("show", help="tell what a model is and how to ask it")
    show.add_argument("model", metavar="MODEL", help="a model, or the folder of a run")
    show.set_defaults(run=_show)

    examine = commands.add_parser(
        "doctor",
        help="check what a launch needs, before it",
        usage="textcnn doctor [--profile NAME|FILE] [-- spark-submit arguments]",
    )
    examine.add_argument("--profile", default="local", metavar="NAME|FILE", help="where to run (default: local)")
    examine.set_defaults(run=_doctor)

    packing = commands.add_parser("pack", help="pack this environment for YARN's nodes")
    packing.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where to (default: this folder)")
    packing.set_defaults(run=_pack)

    logs = commands.add_parser("logs", help="print the logs of an application on YARN")
    logs.add_argument("application", metavar="APP", help="as in application_1700000000000_0001")
    logs.set_defaults(run=_logs)

    commands.add_parser("hadoop", help="HDFS and YARN on this machine: up, status, down", add_help=False)
    return top


def _keys() -> str:
    return "\n".join(
        [
            "keys of RUN.toml:",
            *settings.describe(RunConfig),
            "",
            "keys of a profile:",
            *settings.describe(Profile),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
