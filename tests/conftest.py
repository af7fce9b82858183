"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

from tests.tiny_pipeline import build_tiny_pipeline
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline


@pytest.fixture(scope="session")
def tiny_pipeline() -> ToonInterpolationPipeline:
    """A small pipeline with every part but a tokenizer; tests must leave it as it is."""
    return build_tiny_pipeline()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Weights that are not part of the project, for the tests marked `weights`."""
    parser.addoption("--squeezenet-weights", type=Path, help="expanded SqueezeNet v1.0, .npz")


@pytest.fixture
def squeezenet_weights(request: pytest.FixtureRequest) -> Path:
    """The file given by --squeezenet-weights; tests that need it are skipped without."""
    path = request.config.getoption("--squeezenet-weights")
    if path is None:
        pytest.skip("needs --squeezenet-weights FILE")
    return path
