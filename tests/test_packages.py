"""What pyproject.toml installs is all that there is."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = PROJECT["tool"]["importlinter"]["root_packages"]


def test_every_package_is_installed() -> None:
    found = {".".join(file.parent.parts) for package in CONTRACTS for file in Path(package).rglob("__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found
