"""Profiles: ours by name, the user's by path."""

from pathlib import Path

import pytest

from cluster.errors import ProfileError
from cluster.profile import Profile, path_of
from spark_driver import settings


def test_ours_are_found_by_name() -> None:
    assert settings.read(Profile, path_of("local")) == Profile(workers=2, cores=1)


def test_the_users_own_is_found_by_path(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text("workers = 3\n")
    assert settings.read(Profile, path_of(str(own))).workers == 3


def test_an_unknown_one_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ProfileError, match=r"'nowhere'.*Known: local"):
        path_of("nowhere")
