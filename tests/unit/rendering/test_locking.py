"""In-betweens of a take brought back to the lines and colours of the keys, when asked."""

from typing import Any

import cv2
import numpy as np
import pytest

from toontween.errors import InputError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.rendering.renderer import RenderSettings, render_keys
from toontween.rendering.take import Take

INK, PAPER, SKIN = (30, 20, 40), (230, 230, 210), (240, 200, 170)


class Smear(Interpolator):
    """Draws the first key with a colour cast, grain, and a pale and a broken place in its outline."""

    name = "smear"

    def __init__(self, *, alpha: bool = True) -> None:
        self.capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=alpha)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        rng = np.random.default_rng(0)
        drawn = request.first.copy()
        pale, broken = drawn[40:70, 120:200, :3], drawn[140:144, 80:100, :3]
        is_ink = pale.max(axis=2, keepdims=True) < 0.6
        pale += 0.6 * is_ink * (np.array(SKIN, np.float32) / 255 - pale)
        broken[:] = np.array(SKIN, np.float32) / 255
        drawn[..., :3] += rng.normal(0.01, 0.008, drawn[..., :3].shape).astype(np.float32)
        return InbetweenResult(drawings=[drawn.clip(0, 1) for _ in request.times], details={})


def key(*, channels: int = 3, deep: bool = False, outlined: bool = True) -> np.ndarray:
    pixels = np.full((240, 320, 3), PAPER, np.uint8)
    cv2.circle(pixels, (160, 120), 72, SKIN, -1, cv2.LINE_AA)
    if outlined:
        cv2.circle(pixels, (160, 120), 72, INK, 3, cv2.LINE_AA)
    if channels == 4:
        pixels = np.dstack([pixels, np.full((240, 320), 255, np.uint8)])
    return pixels.astype(np.uint16) * 257 if deep else pixels


def rendered(given: np.ndarray, **settings: Any) -> Take:
    return render_keys([given, given], Smear(), settings=RenderSettings(count=2, **settings))


def dark(drawing: np.ndarray) -> int:
    """How many pixels are nearly ink."""
    levels = drawing[..., :3].astype(int) * 255 // np.iinfo(drawing.dtype).max
    return int((levels.max(axis=2) < 90).sum())


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("deep", [False, True])
def test_flat_areas_of_in_betweens_get_the_keys_colours(channels, deep):
    given = key(channels=channels, deep=deep)
    take = rendered(given, lock_palette=True)
    scale = 257 if deep else 1
    for drawing in take.inbetweens:
        assert drawing.dtype == given.dtype
        assert drawing.shape == given.shape
        assert (drawing[3, 3, :3] == np.array(PAPER) * scale).all()
        assert (drawing[120, 160, :3] == np.array(SKIN) * scale).all()
    assert np.array_equal(take.drawings[0], given)
    assert np.array_equal(take.drawings[-1], given)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("deep", [False, True])
def test_pale_and_broken_lines_of_in_betweens_are_drawn_anew(channels, deep):
    given = key(channels=channels, deep=deep)
    plain, take = rendered(given), rendered(given, lock_lines=True)
    assert np.array_equal(take.drawings[0], given)
    assert dark(plain.inbetweens[0]) < 0.9 * dark(given)
    for drawing in take.inbetweens:
        assert drawing.dtype == given.dtype
        assert dark(drawing) > 0.97 * dark(given)
        assert (drawing[120, 160] == plain.inbetweens[0][120, 160]).all()


def test_both_locks_give_the_key_back():
    given = key()
    take = rendered(given, lock_lines=True, lock_palette=True)
    off = np.abs(take.inbetweens[0].astype(int) - given).max(axis=2)
    assert (off > 2).mean() < 0.01
    assert off.mean() < 0.5


def test_without_locks_nothing_changes():
    plain = rendered(key())
    assert len(np.unique(plain.inbetweens[0][:10].reshape(-1, 3), axis=0)) > 20
    assert not plain.record["settings"]["lock_palette"]
    assert not plain.record["settings"]["lock_lines"]
    assert "palette" not in plain.record
    assert "lines" not in plain.record


def test_provenance_tells_of_the_locks_and_what_they_lock_to():
    record = rendered(key(), lock_lines=True, lock_palette=True).record
    assert record["settings"]["lock_palette"] is True
    assert record["settings"]["lock_lines"] is True
    assert set(record["palette"]["colours"]) >= {"#e6e6d2", "#f0c8aa", "#1e1428"}
    assert record["lines"]["inks"] == ["#1e1428"]
    assert record["lines"]["width_px"] == pytest.approx(5, rel=0.1)


def test_a_method_without_transparency_is_locked_to_the_keys_on_white():
    given = key(channels=4)
    given[:10, :, 3] = 0
    settings = RenderSettings(count=1, lock_palette=True)
    take = render_keys([given, given], Smear(alpha=False), settings=settings)
    assert (take.inbetweens[0][3, 3] == 255).all()


def test_what_the_keys_do_not_have_is_said():
    take = rendered(key(outlined=False), lock_lines=True)
    assert any("no line is locked" in warning for warning in take.warnings)
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    take = rendered(cv2.resize(noise, (320, 240)), lock_palette=True)
    assert any("locked" in warning for warning in take.warnings)


@pytest.mark.parametrize("lock", ["lock_palette", "lock_lines"])
def test_line_art_is_not_locked(lock):
    wanted: dict[str, Any] = {lock: True}
    with pytest.raises(InputError, match="without a lock"):
        RenderSettings(line_art=True, **wanted)
