"""Settings files: what is read, what `--set` changes, and how a mistake is explained."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from run.config import RunConfig
from run.errors import SettingsError
from run.profile import Profile
from run.settings import describe, parse, read, to_json, to_toml, values_of

RUN = """
name = "reviews"
[data]
input = "hdfs:///reviews.tsv"
columns = ["label", "text"]
[model]
widths = [2, 3]
[train]
epochs = 3
learning_rate = 1
"""


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(RUN, encoding="utf-8")
    return path


def complaint(values: dict[str, Any], kind: type = RunConfig) -> str:
    with pytest.raises(SettingsError) as error:
        parse(kind, {"data": {"input": "x"}} | values if kind is RunConfig else values, "run.toml")
    return str(error.value)


def test_a_run_file_is_read_with_the_defaults_for_what_it_leaves_out(run_file: Path) -> None:
    run = read(RunConfig, run_file)
    assert (run.name, run.data.input, run.data.columns) == (
        "reviews",
        "hdfs:///reviews.tsv",
        ("label", "text"),
    )
    assert (run.model.widths, run.train.epochs, run.train.learning_rate) == ((2, 3), 3, 1.0)
    assert (run.model.filters, run.train.patience) == (128, 2)


def test_a_profile_is_read(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_text('workers = 4\n[spark]\n"spark.yarn.queue" = "训练"\n', encoding="utf-8")
    profile = read(Profile, tmp_path / "profile.toml")
    assert (profile.workers, profile.cores, profile.spark) == (4, 1, {"spark.yarn.queue": "训练"})


def test_settings_come_out_of_json_as_they_went_in(run_file: Path) -> None:
    run = read(RunConfig, run_file)
    assert to_json(run)["model"]["widths"] == [2, 3]
    assert to_json(run)["model"]["views"] == ["word", "char"]
    assert parse(RunConfig, to_json(run), "config.json") == run


def test_settings_do_not_change(run_file: Path) -> None:
    run = read(RunConfig, run_file)
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.train.epochs = 4  # type: ignore[misc]


# --set


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("train.epochs=7", "train", "epochs", 7),
        ("train.learning_rate=1e-4", "train", "learning_rate", 1e-4),
        (" train.epochs = 7 ", "train", "epochs", 7),
        ("text.max_length=64", "text", "max_length", 64),  # a section that the file does not have
        ("model.widths=[1, 5]", "model", "widths", (1, 5)),
        ("data.input=/reviews/a=b.tsv", "data", "input", "/reviews/a=b.tsv"),
        ("data.input=hdfs://host:8020/评论#1.tsv", "data", "input", "hdfs://host:8020/评论#1.tsv"),
        ("data.input = 2026-01-31 ", "data", "input", "2026-01-31"),
        (" data.input = reviews.tsv ", "data", "input", "reviews.tsv"),
        ('data.input="123"', "data", "input", "123"),
    ],
)
def test_set_goes_before_the_file(run_file: Path, override: str, section: str, key: str, value: object) -> None:
    assert getattr(getattr(read(RunConfig, run_file, [override]), section), key) == value


def test_set_takes_top_level_keys_and_the_last_one_counts(run_file: Path) -> None:
    assert read(RunConfig, run_file, ["name=first", "name=last"]).name == "last"


def test_set_takes_keys_that_only_profiles_know(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_text("workers = 4", encoding="utf-8")
    assert read(Profile, tmp_path / "profile.toml", ["workers=2"]).workers == 2


@pytest.mark.parametrize("override", ["train.epochs", "=3", "train.=3", ".epochs=3", "train..epochs=3", ""])
def test_set_without_key_and_value_is_an_error_that_shows_how(run_file: Path, override: str) -> None:
    with pytest.raises(SettingsError, match=r"for instance train\.epochs=3\. Received: "):
        read(RunConfig, run_file, [override])


def test_set_below_what_is_no_section_is_an_error(run_file: Path) -> None:
    with pytest.raises(SettingsError, match=r"'name' is not a section"):
        read(RunConfig, run_file, ["name.first=x"])


def test_set_is_checked_as_the_file_is(run_file: Path) -> None:
    with pytest.raises(SettingsError, match=r"'train\.epochs'.* Received: 'three'"):
        read(RunConfig, run_file, ["train.epochs=three"])


# Mistakes


@pytest.mark.parametrize(
    ("values", "unknown", "nearest"),
    [
        ({"train": {"epoch": 3}}, "train.epoch", "train.epochs"),
        ({"model": {"width": [3]}}, "model.width", "model.widths"),
        ({"epochs": 3}, "epochs", "train.epochs"),
        ({"trian": {}}, "trian", "train"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(values: dict[str, Any], unknown: str, nearest: str) -> None:
    assert f"run.toml: unknown key '{unknown}'. Did you mean '{nearest}'?" in complaint(values)


def test_an_unknown_key_is_answered_with_all_keys_of_its_section() -> None:
    message = complaint({"export": {"speed": 3}})
    assert message.endswith("Known here: export.golden_examples, export.keras")


def test_an_unknown_key_of_a_profile_is_answered_with_the_nearest() -> None:
    assert "unknown key 'worker'. Did you mean 'workers'?" in complaint({"worker": 3}, Profile)


@pytest.mark.parametrize(
    ("values", "key", "received"),
    [
        ({"train": {"epochs": "3"}}, "train.epochs", "'3'"),
        ({"train": {"epochs": 3.5}}, "train.epochs", "3.5"),
        ({"train": {"epochs": True}}, "train.epochs", "True"),
        ({"train": {"epochs": 0}}, "train.epochs", "0"),
        ({"train": {"learning_rate": "fast"}}, "train.learning_rate", "'fast'"),
        ({"model": {"widths": 3}}, "model.widths", "3"),
        ({"model": {"widths": [3, "4"]}}, "model.widths.1", "'4'"),
        ({"data": {"input": "x", "format": "xml"}}, "data.format", "'xml'"),
        ({"name": 7}, "name", "7"),
        ({"name": "a b"}, "name", "'a b'"),
        ({"train": 3}, "train", "3"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_was_received(
    values: dict[str, Any], key: str, received: str
) -> None:
    message = complaint(values)
    assert message.startswith(f"run.toml: '{key}': ")
    assert message.endswith(f"Received: {received}")


def test_settings_that_do_not_go_together_are_explained() -> None:
    assert complaint({"data": {}}).startswith("run.toml: give either data.input")


def test_a_missing_section_is_named() -> None:
    with pytest.raises(SettingsError, match=r"run\.toml: 'data' is missing"):
        parse(RunConfig, {}, "run.toml")


def test_all_mistakes_are_told_at_once() -> None:
    message = complaint({"train": {"epochs": 0, "epoch": 3}, "model": {"filters": "x"}})
    assert sorted(line.split("'")[1] for line in message.splitlines()) == [
        "model.filters",
        "train.epoch",
        "train.epochs",
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"There is no settings file {tmp_path / 'run.toml'}"):
        read(RunConfig, tmp_path / "run.toml")


@pytest.mark.parametrize("content", [b"[data", b"data = \n", b"\xff", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"{path} cannot be read as TOML"):
        read(RunConfig, path)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"{tmp_path} cannot be read"):
        read(RunConfig, tmp_path)


# Help


def keys(kind: Any) -> list[str]:
    """The names of all keys below a settings dataclass, sections left out."""
    names: list[str] = []
    for name, field in kind.__pydantic_fields__.items():
        names += keys(field.annotation) if dataclasses.is_dataclass(field.annotation) else [name]
    return names


@pytest.mark.parametrize("kind", [RunConfig, Profile])
def test_every_key_is_described_with_its_default(kind: type) -> None:
    described = [line.strip() for line in describe(kind) if not line.startswith("[")]
    assert [line.split(" = ")[0] for line in described] == keys(kind)
    for line in described:
        _, _, description = line.partition("  # ")
        assert description.endswith("."), line


def test_help_shows_sections_with_their_keys_below() -> None:
    lines = list(describe(RunConfig))
    section = lines.index("[train]  Optimization.")
    assert lines[section + 1] == "  epochs = 20  # Passes over the training documents at most."
    assert any(line.startswith("  input = null  # ") for line in lines)


def test_what_was_read_is_written_as_toml(run_file: Path, tmp_path: Path) -> None:
    values = values_of(run_file, ['data.label_column="标\\"签"', "export.keras=true"])
    (tmp_path / "again.toml").write_text(to_toml(values), encoding="utf-8")
    assert values_of(tmp_path / "again.toml") == values
    assert values["data"]["label_column"] == '标"签'
