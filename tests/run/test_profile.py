"""A profile refuses what cannot be meant."""

from pathlib import Path

import pytest

from run import settings
from run.errors import SettingsError
from run.profile import Profile, path_of


@pytest.mark.parametrize("name", ["local", "yarn-cpu", "yarn-gpu"])
def test_our_own_profiles_can_be_read(name: str) -> None:
    profile = settings.read(Profile, path_of(name))
    assert profile.master == name.partition("-")[0]
    assert bool(profile.gpus) == name.endswith("gpu")


def test_a_profile_of_nobody_names_ours() -> None:
    with pytest.raises(SettingsError, match="Known: local, yarn-cpu, yarn-gpu"):
        path_of("yarn")


def test_every_key_is_explained() -> None:
    assert not [line for line in settings.describe(Profile) if line.endswith(("None", "# "))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('quue = "a"', "Did you mean 'queue'"),
        ('master = "mesos"', "'local' or 'yarn'"),
        ('principal = "me@X"', "go together"),
        ("gpus = 1", "gpus are for master"),
        ('master = "yarn"\ngpus = 2\nworkers = 3', "For 6 GPUs set gpus = 1 and workers = 6"),
        ('[spark]\n"spark.submit.deployMode" = "client"', "set deploy_mode in place of"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        settings.read(Profile, tmp_path / "p.toml")
