"""The command line; `textcnn --help` tells its commands.

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
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

from rich.console import Console

import storage
from cluster import local, pack
from cluster.doctor import command as doctor
from cluster.errors import ClusterError
from cluster.mapreduce.jobs import streaming_jar
from cluster.spark_submit import Launch
from cluster.yarn import client
from cluster.yarn import launch as yarn
from cluster.yarn.uris import on_hdfs
from engines.flink import launch as flink
from engines.flink.stream import launch as stream
from engines.flink.stream.places import Folder, place_of
from engines.flink.stream.request import Source, StreamFormat
from local_hadoop import command as hadoop
from local_hadoop.jars import fetch_streaming_jar
from run import profile, settings, signals
from run.baselines import MODELS
from run.config import RunConfig, TextFormat
from run.errors import SettingsError
from run.profile import Profile
from run.terminal import Terminal
from storage import StorageError
from text.errors import DataError
from trainer import card
from trainer.errors import TrainerError
from trainer.importing import lean

LONGEST_SECONDS = 99 * 86_400
"""Of a window, and what else `textcnn stream` is told in seconds; SQL's intervals have two digits for days."""

DRIVER = Path(__file__).with_name("spark_driver")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status: 0, 2 for what the user can fix, 1 for anything else."""
    own, passed_on = at_dashes(sys.argv[1:] if arguments is None else list(arguments))
    if own[:1] == ["hadoop"]:
        return hadoop.main(own[1:])  # a command line of its own
    commands = parser()
    options = commands.parse_args(own)
    if passed_on and options.run not in (_train, _prepare, _card, _compare, _tune, _doctor) and not _on_spark(options):
        commands.error(
            "only train, prepare, card, compare, tune, doctor and predict --input take arguments for spark-submit. "
            f"Received after --: {' '.join(passed_on)}"
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


def at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Splits arguments at the first `--`: what follows is for spark-submit."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


PLACES = {"local": local.run, "yarn": yarn.run}


def _train(options: argparse.Namespace) -> int:
    if options.resume and options.out is None:
        raise SettingsError("--resume goes on with a run that was stopped.", "Give its folder to --out.")
    where, launch = _launch(options, "")
    arguments = ["--resume"] if options.resume else []
    if options.prepared:
        arguments += ["--prepared", _placed(options.prepared, where)]
    return _run(where, replace(launch, options=arguments), options.dry_run)


def _prepare(options: argparse.Namespace) -> int:
    try:
        with signals.raised():
            return ENGINES[options.engine](options)
    except KeyboardInterrupt as interrupt:
        print(f"textcnn: {interrupt} before anything was submitted", file=sys.stderr)
        return 1


def _prepare_on_spark(options: argparse.Namespace) -> int:
    where, launch = _launch(options, "prepared-")
    arguments = ["--output", _placed(options.output, where)]
    return _run(where, replace(launch, script=DRIVER / "prepare.py", options=arguments), options.dry_run)


def _prepare_by_mapreduce(options: argparse.Namespace) -> int:
    from engines.mapreduce import launch as mapreduce  # brings NumPy and Arrow

    where, launch = _launch_without_spark(options)
    config = settings.read(RunConfig, options.run_file, options.set)
    with Terminal(Console(stderr=True)) as terminal:
        return mapreduce.launch(config, where, options.output, launch.out, _streaming_jar, terminal)


def _streaming_jar() -> Path:
    return streaming_jar() or fetch_streaming_jar()


def _prepare_by_flink(options: argparse.Namespace) -> int:
    from engines.flink import on_yarn as flink_on_yarn  # brings NumPy and Arrow

    where, launch = _launch_without_spark(options)
    config = settings.read(RunConfig, options.run_file, options.set)
    if where.master == "local":
        return flink.launch(config, where, options.output, launch.out)
    with Terminal(Console(stderr=True)) as terminal:
        return flink_on_yarn.launch(config, where, options.output, launch.out, terminal)


def _launch_without_spark(options: argparse.Namespace) -> tuple[Profile, Launch]:
    if options.dry_run or options.passed_on:
        raise SettingsError("--dry-run and arguments after -- are for spark-submit, and so for --engine spark.")
    return _launch(options, "prepared-")


ENGINES = {"spark": _prepare_on_spark, "mapreduce": _prepare_by_mapreduce, "flink": _prepare_by_flink}


def _placed(uri: str, where: Profile) -> str:
    """A folder that driver and executors have to find: on YARN on HDFS."""
    return on_hdfs(uri, where.principal) if where.master == "yarn" else uri


def _card(options: argparse.Namespace) -> int:
    where, launch = _launch(options, "card-")
    return _run(where, replace(launch, script=DRIVER / "card.py"), options.dry_run)


def _run(where: Profile, launch: Launch, dry_run: bool) -> int:
    try:
        with signals.raised():
            return PLACES[where.master](where, launch, dry_run)
    except KeyboardInterrupt as interrupt:
        print(f"textcnn: {interrupt} before anything was submitted", file=sys.stderr)
        return 1


def _compare(options: argparse.Namespace) -> int:
    from cluster import compare  # brings NumPy

    files = [name for name in options.compared if name.endswith(".toml") or Path(name).is_file()]
    if len(options.compared) == 2 and not files:
        return _compare_runs(options)
    if len(options.compared) > 1 and len(files) < len(options.compared):
        raise SettingsError(
            "compare takes run files, or the folders of two runs.", f"Received: {' '.join(options.compared)}"
        )
    if options.json:
        raise SettingsError(f"--json tells programs of two runs. Of models, {compare.COMPARISON} does, in --out.")
    if len(options.compared) > 1:
        options.out = options.out or _compared_now()
    models, seeds = (list(dict.fromkeys(given)) for given in (options.models or compare.DEFAULT, options.seeds))
    launches = [_launch_of(Path(name), options, "compared-") for name in options.compared]
    where = settings.read(Profile, profile.path_of(options.profile))
    if where.master == "yarn":
        launches = [replace(launch, out=on_hdfs(launch.out, where.principal)) for launch in launches]
    run = partial(PLACES[where.master], where, dry_run=False)
    try:
        with signals.raised():
            return compare.compare(models, launches, seeds, DRIVER / "baselines.py", run, Console())
    except KeyboardInterrupt as interrupt:
        print(f"textcnn: {interrupt} between two runs", file=sys.stderr)
        return 1


def _compare_runs(options: argparse.Namespace) -> int:
    from cluster import compare_runs  # brings NumPy

    if options.models or options.seeds or options.set or options.passed_on:
        raise SettingsError("--models, --seeds, --set and arguments for spark-submit go with run files, not with runs.")
    compared = compare_runs.compare(*options.compared)
    if options.json:
        print(compared.to_json())
    else:
        compare_runs.show(compared, Console())
    page = compare_runs.write(compared, options.out or _compared_now())
    print(f"page: {page}", file=sys.stderr)
    return 0


def _compared_now() -> str:
    return f"runs/compared-{time.strftime('%Y%m%d-%H%M%S')}"


def _tune(options: argparse.Namespace) -> int:
    begun = time.monotonic()
    if find_spec("optuna") is None:
        raise SettingsError("tune needs Optuna, which is not installed.", "Install textcnn-on-spark[tune], or optuna.")
    from cluster.tuning.tune import Budget, tune  # brings Optuna

    where, launch = _launch(options, "tuned-")
    if where.master == "yarn":
        launch = replace(launch, out=on_hdfs(launch.out, where.principal))
    budget = Budget(options.trials, None if options.minutes is None else begun + 60 * options.minutes)
    run = partial(PLACES[where.master], where, dry_run=False)
    with signals.raised() as received:
        return tune(launch, budget, DRIVER / "prepare.py", run, received, Console(), options.profile)


def _launch(options: argparse.Namespace, kind: str) -> tuple[Profile, Launch]:
    """Where to run, and what."""
    launch = _launch_of(options.run_file, options, kind)
    return settings.read(Profile, profile.path_of(options.profile)), launch


def _launch_of(run_file: Path, options: argparse.Namespace, kind: str) -> Launch:
    """What to run; a folder that is not given is named by the run, the kind of the launch, and the time."""
    config = settings.read(RunConfig, run_file, options.set)
    return Launch(
        name=config.name,
        script=DRIVER / "train.py",
        run_file=run_file,
        changes=options.set,
        out=options.out or f"runs/{config.name}-{kind}{time.strftime('%Y%m%d-%H%M%S')}",
        passed_on=options.passed_on,
    )


def _doctor(options: argparse.Namespace) -> int:
    where = settings.read(Profile, profile.path_of(options.profile))
    try:
        with signals.raised():
            return doctor.doctor(where, options.passed_on, options.probe)
    except KeyboardInterrupt as interrupt:
        print(f"textcnn: {interrupt}", file=sys.stderr)
        return 1


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


def _serve(options: argparse.Namespace) -> int:
    with _quiet(), lean():
        from server.command import serve  # brings TensorFlow

    return serve(options.model, options.host, options.port)


def _board(options: argparse.Namespace) -> int:
    if options.write is None and find_spec("tensorboard") is None:
        raise SettingsError(
            "board shows runs with TensorBoard, which is not installed.",
            "Install textcnn-on-spark[board], or tensorboard; or leave event files for another one with --write DIR.",
        )
    with _quiet():
        from trainer import board  # brings TensorFlow

    if options.write is not None:
        lines = board.write(options.runs, options.write)
        print(f"{lines} lines of metrics are in event files in {options.write}")
        return 0
    try:
        with signals.raised():
            return board.show(options.runs, options.port)
    except KeyboardInterrupt:
        return 0


def _on_spark(options: argparse.Namespace) -> bool:
    return options.run == _predict and options.input is not None


def _predict(options: argparse.Namespace) -> int:
    return _predict_on_spark(options) if _on_spark(options) else _predict_here(options)


def _predict_on_spark(options: argparse.Namespace) -> int:
    if options.output is None or options.text or options.file or options.json:
        raise SettingsError("--input goes with --output, and without --text, FILE and --json.")
    where = settings.read(Profile, profile.path_of(options.profile))
    model = _placed(options.model, where)
    given = {"--format": options.format, "--text-column": options.text_column, "--columns": options.columns}
    arguments = ["--model", model, "--input", options.input]
    for name, value in given.items():
        if value:
            arguments += [name, *([value] if isinstance(value, str) else value)]
    launch = Launch(
        name="textcnn-predict",
        script=DRIVER / ("stream.py" if options.stream else "predict.py"),
        out=options.output,
        options=arguments,
        passed_on=options.passed_on,
    )
    return _run(where, launch, options.dry_run)


def _predict_here(options: argparse.Namespace) -> int:
    with _quiet(), lean():
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
    if options.file in (None, "-"):
        yield from _lines(sys.stdin.fileno(), "standard input")
        return
    with storage.local_copy(options.file) as path:
        yield from _lines(path, options.file)


def _lines(file: Path | int, name: str) -> Iterator[str]:
    """The lines of a file, or of one that is open, without their ends and without a byte order mark."""
    try:
        with open(file, encoding="utf-8-sig", closefd=isinstance(file, Path)) as lines:
            yield from (line.rstrip("\r\n") for line in lines)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{name} cannot be read as UTF-8 text, one document a line: {error}") from error


def _stream(options: argparse.Namespace) -> int:
    if options.time_column is not None and options.format == "text":
        raise SettingsError("Lines of text have no time.", "Give --format jsonl, or no --time-column.")
    place = place_of(options.input)
    source = Source(
        input=storage.absolute(place.path) if isinstance(place, Folder) else options.input,
        format=options.format,
        text_column=options.text_column,
        time_column=options.time_column,
        window_seconds=options.window,
        lateness_seconds=options.lateness,
        once=options.once,
    )
    where = settings.read(Profile, profile.path_of(options.profile))
    try:
        with signals.raised():
            return stream.launch(
                source, options.model, storage.absolute(options.output), options.checkpoint_seconds, where
            )
    except KeyboardInterrupt:
        return 0  # a stream ends by a signal, here before it has begun


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


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    """Returns what reads an argument that is a number above 0."""

    def number(text: str) -> float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"a number above 0 is needed, received {text}")
        return value

    return number


def _add_launch(command: argparse.ArgumentParser, out: str) -> None:
    """Adds the arguments of a command that launches what a run file says; `out` tells what --out is."""
    command.add_argument("run_file", type=Path, metavar="RUN.toml", help="what to learn")
    _add_place(command, out)


def _add_place(command: argparse.ArgumentParser, out: str) -> None:
    command.add_argument("--profile", default="local", metavar="NAME|FILE", help="where to run (default: local)")
    command.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change the run file")
    command.add_argument("--out", metavar="DIR", help=out)


def _add_dry_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="print the spark-submit command and stop")


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    top = argparse.ArgumentParser(prog="textcnn", description="Trains Chinese text classifiers on Spark.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a model and publish it",
        usage="textcnn train RUN.toml [--profile NAME|FILE] [--set section.key=value …] [--out DIR] [--resume] "
        "[--prepared URI] [--dry-run] [-- spark-submit arguments]",
        epilog=_keys(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_launch(train, out="the run's folder, on YARN a path or URI on HDFS (default: runs/NAME-TIME)")
    train.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint that a stopped run has left in DIR"
    )
    train.add_argument(
        "--prepared", metavar="URI", help="a corpus that `textcnn prepare` has made, in place of the run file's input"
    )
    _add_dry_run(train)
    train.set_defaults(run=_train)

    preparing = commands.add_parser(
        "prepare",
        help="read, split, segment, count and encode documents once, for any number of trainings",
        usage="textcnn prepare RUN.toml --output URI [--engine NAME] [--profile NAME|FILE] "
        "[--set section.key=value …] [--out DIR] [--dry-run] [-- spark-submit arguments]",
    )
    _add_launch(preparing, out="the folder of the records (default: runs/NAME-prepared-TIME)")
    preparing.add_argument("--output", required=True, metavar="URI", help="the folder of the corpus, on YARN on HDFS")
    preparing.add_argument("--engine", choices=list(ENGINES), default="spark", help="what carries it (default: spark)")
    _add_dry_run(preparing)
    preparing.set_defaults(run=_prepare)

    describing = commands.add_parser(
        "card",
        help="say what the documents of a run are, and which settings do not go with them, before a training",
        usage="textcnn card RUN.toml [--profile NAME|FILE] [--set section.key=value …] [--out DIR] [--dry-run] "
        "[-- spark-submit arguments]",
    )
    _add_launch(describing, out="where the card goes (default: runs/NAME-card-TIME)")
    _add_dry_run(describing)
    describing.set_defaults(run=_card)

    comparing = commands.add_parser(
        "compare",
        help="train several models on the same documents and put them side by side, or two runs that have ended",
        usage="textcnn compare RUN.toml [RUN.toml …] [--models NAME …] [--seeds N …] [--profile NAME|FILE] "
        "[--set section.key=value …] [--out DIR] [-- spark-submit arguments]\n"
        "       textcnn compare DIR DIR [--out DIR] [--json]",
    )
    comparing.add_argument(
        "compared", nargs="+", metavar="RUN.toml|DIR", help="what to learn, one or several, or two runs' folders"
    )
    comparing.add_argument("--json", action="store_true", help="a JSON object, of two runs")
    comparing.add_argument(
        "--models",
        nargs="+",
        choices=MODELS,
        metavar="NAME",
        help=f"of {', '.join(MODELS)}; mixture is the run file's own (default: mixture, ml_naive_bayes, "
        "ml_logistic_regression)",
    )
    comparing.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        default=[],
        metavar="N",
        help="train each network once with each of them, in place of train.seed; three at least, to tell it from luck",
    )
    _add_place(comparing, out="the folder of the runs and the page (default: runs/NAME-compared-TIME)")
    comparing.set_defaults(run=_compare)

    tuning = commands.add_parser(
        "tune",
        help="look for the best values of what the run file's [tune] names, a run for each trial",
        usage="textcnn tune RUN.toml [--trials N] [--minutes M] [--profile NAME|FILE] [--set section.key=value …] "
        "[--out DIR] [-- spark-submit arguments]",
    )
    _add_launch(tuning, out="the folder of the trials, which are gone on with there (default: runs/NAME-tuned-TIME)")
    tuning.add_argument(
        "--trials", type=_positive(int), default=20, metavar="N", help="trials in the folder in all (default: 20)"
    )
    tuning.add_argument("--minutes", type=_positive(float), metavar="M", help="end after so long, a running trial too")
    tuning.set_defaults(run=_tune)

    predict = commands.add_parser(
        "predict",
        help="classify texts, here or on Spark",
        usage="textcnn predict MODEL [--text TEXT …] [FILE] [--json]\n"
        "       textcnn predict MODEL --input URI --output DIR [--format FORMAT] [--text-column NAME] "
        "[--columns NAME …] [--stream] [--profile NAME|FILE] [--dry-run] [-- spark-submit arguments]",
    )
    predict.add_argument("model", metavar="MODEL", help="a model, or the folder of a run")
    predict.add_argument("--text", action="append", default=[], help="a text; may be given more than once")
    predict.add_argument(
        "file", nargs="?", metavar="FILE", help="a text a line, here or on HDFS; - or none for standard input"
    )
    predict.add_argument("--json", action="store_true", help="a JSON object a line")
    predict.add_argument("--input", metavar="URI", help="a file, a folder or a pattern, as Spark reads it")
    predict.add_argument("--output", metavar="DIR", help="where predictions and result.json go, on YARN on HDFS")
    predict.add_argument("--format", choices=get_args(TextFormat), help="of the input, if its ending does not tell")
    predict.add_argument("--text-column", metavar="NAME", help="the column of the texts (default: text)")
    predict.add_argument("--columns", nargs="+", metavar="NAME", help="the columns of TSV or CSV that names none")
    predict.add_argument("--stream", action="store_true", help="go on with the files that come into the input")
    predict.add_argument("--profile", default="local", metavar="NAME|FILE", help="where to run (default: local)")
    _add_dry_run(predict)
    predict.set_defaults(run=_predict)

    streaming = commands.add_parser("stream", help="classify texts as they arrive, on Flink: each comes out once")
    streaming.add_argument("model", metavar="MODEL", help="a model, or the folder of a run; new versions are taken up")
    streaming.add_argument(
        "--input",
        required=True,
        metavar="DIR|URI",
        help="the folder that files come into, whole; or socket://HOST:PORT, or kafka://HOST:PORT/TOPIC",
    )
    streaming.add_argument("--output", required=True, metavar="DIR", help="where rows go; the same again to go on")
    streaming.add_argument("--format", choices=get_args(StreamFormat), default="jsonl", help="(default: jsonl)")
    streaming.add_argument("--text-column", default="text", metavar="NAME", help="(default: text)")
    streaming.add_argument("--time-column", metavar="NAME", help="count labels in windows of this time")
    streaming.add_argument("--window", type=_seconds(1), default=60, metavar="SECONDS", help="(default: 60)")
    streaming.add_argument(
        "--lateness",
        type=_seconds(0),
        default=0,
        metavar="SECONDS",
        help="by how much a row may be older than one before it and still be counted (default: 0)",
    )
    streaming.add_argument(
        "--checkpoint-seconds", type=_seconds(1), default=10, metavar="SECONDS", help="how often rows come out"
    )
    streaming.add_argument("--once", action="store_true", help="end when what is there is classified")
    streaming.add_argument("--profile", default="local", metavar="NAME|FILE", help="Flink's properties and its Python")
    streaming.set_defaults(run=_stream)

    evaluate = commands.add_parser("evaluate", help="judge a model on labelled documents")
    evaluate.add_argument("model", metavar="MODEL", help="a model, or the folder of a run")
    evaluate.add_argument(
        "data", metavar="DATA", help="a file as the run's input, here or on HDFS: .tsv, .csv, .jsonl, .parquet"
    )
    evaluate.add_argument("--json", action="store_true", help="a JSON object")
    evaluate.set_defaults(run=_evaluate)

    serve = commands.add_parser("serve", help="serve a model over REST, for trying it out and for small loads")
    serve.add_argument("model", metavar="MODEL", help="a model, or the folder of a run; new versions are taken up")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8501, help="0 for one that is free (default: 8501)")
    serve.set_defaults(run=_serve)

    board = commands.add_parser("board", help="show the curves of runs in TensorBoard, of those that still train too")
    board.add_argument("runs", nargs="+", metavar="DIR", help="the folder of a run, here or on HDFS")
    board.add_argument("--write", type=Path, metavar="DIR", help="leave event files in DIR, and show nothing")
    board.add_argument("--port", type=int, default=6006, help="of TensorBoard, on this machine (default: 6006)")
    board.set_defaults(run=_board)

    show = commands.add_parser("show", help="tell what a model is and how to ask it")
    show.add_argument("model", metavar="MODEL", help="a model, or the folder of a run")
    show.set_defaults(run=_show)

    examine = commands.add_parser(
        "doctor",
        help="check what a launch needs, before it",
        usage="textcnn doctor [--profile NAME|FILE] [--probe] [-- spark-submit arguments]",
    )
    examine.add_argument("--profile", default="local", metavar="NAME|FILE", help="where to run (default: local)")
    examine.add_argument(
        "--probe", action="store_true", help="start a container on YARN too, and try there what a worker needs"
    )
    examine.set_defaults(run=_doctor)

    packing = commands.add_parser("pack", help="pack this environment for YARN's nodes")
    packing.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where to (default: this folder)")
    packing.set_defaults(run=_pack)

    logs = commands.add_parser("logs", help="print the logs of an application on YARN")
    logs.add_argument("application", metavar="APP", help="as in application_1700000000000_0001")
    logs.set_defaults(run=_logs)

    commands.add_parser("hadoop", help="HDFS and YARN on this machine: up, status, down", add_help=False)
    return top


def _seconds(least: int) -> Callable[[str], int]:
    """Returns what reads a number of whole seconds."""

    def read(value: str) -> int:
        if not value.isdecimal() or not least <= int(value) <= LONGEST_SECONDS:
            raise argparse.ArgumentTypeError(
                f"a whole number of seconds from {least} to {LONGEST_SECONDS}. Received: {value!r}"
            )
        return int(value)

    return read


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
