"""Methods of line extraction by name."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.drawing.inked_shapes import inked_shapes
from toontween.drawing.extraction import ExtractionSettings, extract_lines
from toontween.errors import (
    CheckpointError,
    InputError,
    ToonTweenWarning,
    UnavailableError,
    UnknownNameError,
)
from toontween.models.line_extractor import LineExtractor
from toontween.pipelines.line_extraction import LINE_METHODS, LineMethod, build_line_method


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved network of the published kind, tiny, with weights by a fixed seed."""
    generator = torch.Generator().manual_seed(5)
    network = LineExtractor(base_channels=2, num_downs=3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    folder = tmp_path_factory.mktemp("weights") / "extractor"
    network.save_pretrained(folder)
    return folder


@pytest.fixture
def picture() -> np.ndarray:
    return inked_shapes(64).picture


def test_the_default_comes_first_and_needs_nothing():
    assert list(LINE_METHODS) == ["strokes", "anime2sketch", "scan"]
    method = build_line_method("strokes")
    assert isinstance(method, LineMethod)
    assert method.name == "strokes"


def test_the_default_is_the_extraction_with_its_settings(picture):
    lines = build_line_method("strokes", contrast=0.3, boundaries=0.5).extract(picture)
    assert np.array_equal(
        lines.ink, extract_lines(picture, ExtractionSettings(contrast=0.3, boundaries=0.5)).ink
    )


def test_a_drawing_without_outlines_is_told_what_it_needs():
    picture = inked_shapes(64, pen_px=0.0).picture
    with pytest.warns(ToonTweenWarning, match="boundaries=1"):
        assert not build_line_method("strokes").extract(picture).ink.any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build_line_method("strokes", boundaries=1.0).extract(picture).ink.any()


def test_blank_pictures_are_not_worth_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        blank = build_line_method("strokes").extract(np.ones((40, 60, 3), np.float32))
    assert not blank.ink.any()


def test_a_scan_is_read_and_not_extracted():
    paper = np.ones((40, 60, 3), np.float32)
    paper[10:12, 5:55] = 0
    lines = build_line_method("scan").extract(paper)
    assert np.array_equal(lines.ink, 1 - paper[..., 0])


def test_the_network_sees_the_picture_and_its_answer_is_inverted(weights, picture):
    method = build_line_method("anime2sketch", weights=str(weights), device="cpu", side_px=16)
    lines = method.extract(picture)
    network = LineExtractor.from_pretrained(weights)
    with torch.no_grad():
        batch = torch.from_numpy(picture).permute(2, 0, 1)[None]
        drawn = network.extract(batch, side_px=16)[0, 0].numpy()
    assert lines.ink.shape == picture.shape[:2]
    assert lines.ink == pytest.approx(1 - drawn, abs=1e-6)
    assert lines.ink.std() > 0.001


def test_a_larger_square_is_another_drawing(weights, picture):
    small, large = (
        build_line_method("anime2sketch", weights=str(weights), device="cpu", side_px=side)
        .extract(picture)
        .ink
        for side in (16, 64)
    )
    assert np.abs(small - large).max() > 0.01


def test_provenance_names_the_weights_and_their_hash(weights):
    details = build_line_method("anime2sketch", weights=str(weights), device="cpu").details()
    assert details["weights"] == "extractor"
    assert len(details["weights_sha256"]) == 64
    assert details["settings"] == {"side_px": 512}


@pytest.mark.parametrize("side_px", [0, -8, 12])
def test_a_square_that_the_network_cannot_take_is_refused(weights, side_px):
    with pytest.raises(InputError, match="cannot take a square") as caught:
        build_line_method("anime2sketch", weights=str(weights), side_px=side_px)
    assert caught.value.hint == "the side must be a multiple of 8"


def test_missing_weights_say_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(UnavailableError, match="'anime2sketch' are not on this machine") as caught:
        build_line_method("anime2sketch")
    assert "weights pull anime2sketch" in str(caught.value.hint)


def test_weights_of_another_kind_are_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "ControlNetModel"}')
    with pytest.raises(CheckpointError, match="not a line extractor"):
        build_line_method("anime2sketch", weights=str(tmp_path))


def test_a_method_that_does_not_exist_is_refused():
    with pytest.raises(UnknownNameError, match="no line method called 'stroke'") as caught:
        build_line_method("stroke")
    assert caught.value.hint == "did you mean 'strokes'?"


@pytest.mark.parametrize("name", ["strokes", "scan"])
def test_weights_for_a_method_without_a_network_are_refused(name):
    with pytest.raises(InputError, match="needs no weights"):
        build_line_method(name, weights="anime2sketch")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("strokes", {"side_px": 512}),
        ("scan", {"contrast": 0.1}),
        ("anime2sketch", {"contrast": 0.1}),
    ],
)
def test_options_of_other_methods_are_refused(name, options):
    with pytest.raises(InputError, match="has no option"):
        build_line_method(name, **options)


def test_a_setting_out_of_range_is_refused():
    with pytest.raises(InputError, match=r"contrast is 7\.0"):
        build_line_method("strokes", contrast=7)
