"""A report and a study made of it, once for all tests here."""

from pathlib import Path
from typing import Any

import pytest

from tests.tiny_report import build_tiny_report
from toontween.evaluation.study.make import Study, StudyOptions, make_study


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> Path:
    """Three clips drawn by three methods; tests must leave it as it is."""
    return build_tiny_report(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def study_folder(report, tmp_path_factory) -> Path:
    """A study of it with four pairs and two catch trials on each ballot; tests must leave it as it is."""
    out = tmp_path_factory.mktemp("study")
    make_study(report, out, StudyOptions(pairs_per_voter=4))
    return out


@pytest.fixture
def make(report, tmp_path):
    """Make another study of the report."""

    def call(name: str = "study", **options: Any) -> Study:
        return make_study(report, tmp_path / name, StudyOptions(**options))

    return call
