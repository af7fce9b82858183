"""In-betweens of line drawings, on whatever ground the keys stand."""

import cv2
import numpy as np
import pytest

from toontween.drawing.lines import Ground, Lines
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.classical.crossfade import CrossfadeInterpolator
from toontween.interpolators.classical.flow import FlowInterpolator
from toontween.interpolators.classical.hold import HoldInterpolator
from toontween.interpolators.line_art import LineArtInterpolator
from toontween.media.frames import from_picture, to_picture

HEIGHT, WIDTH = 80, 120


def circle(x: int) -> Lines:
    """An anti-aliased circle whose middle is at x."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(ink, (x, 40), 22, 255, 2, cv2.LINE_AA)
    return Lines(ink.astype(np.float32) / np.float32(255))


def key(x: int, ground: Ground) -> np.ndarray:
    return to_picture(circle(x).draw(ground))


def draw(first, last, *, inner=None, binary=False, times=(0.5,)) -> InbetweenResult:
    line_art = LineArtInterpolator(inner or HoldInterpolator(), binary=binary)
    return line_art.inbetween(InbetweenRequest(first=first, last=last, times=times))


class Watching(Interpolator):
    """Holds the first key and remembers what it was shown."""

    name = "watching"
    capabilities = Capabilities(timing=Timing.ANY_TIME)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        self.shown = request.first
        return InbetweenResult(drawings=[request.first] * len(request.times))


@pytest.mark.parametrize("ground", list(Ground))
def test_the_inner_method_sees_dark_lines_on_white_whatever_the_ground(ground):
    watching = Watching()
    draw(key(50, ground), key(70, ground), inner=watching)
    np.testing.assert_allclose(watching.shown, key(50, Ground.WHITE), atol=1.01 / 255)


@pytest.mark.parametrize("ground", list(Ground))
def test_a_held_drawing_comes_back_as_it_was(ground):
    first = key(50, ground)
    (drawing,) = draw(first, key(70, ground), times=(0.4,)).drawings
    kept = circle(50).ink > 0.12
    clear = circle(50).ink == 0
    assert drawing.shape == first.shape
    for where in (kept, clear):
        found, wanted = (from_picture(p, np.uint8)[where] for p in (drawing, first))
        np.testing.assert_allclose(found.astype(int), wanted.astype(int), atol=1)


@pytest.mark.parametrize("ground", list(Ground))
def test_bare_paper_is_exactly_the_ground(ground):
    (drawing,) = draw(key(50, ground), key(70, ground), inner=FlowInterpolator()).drawings
    away = cv2.dilate(circle(50).ink + circle(60).ink + circle(70).ink, np.ones((25, 25))) == 0
    pixels = from_picture(drawing, np.uint8)
    corner = from_picture(key(50, ground), np.uint8)[0, 0]
    assert away.any()
    assert (pixels[away] == corner).all()


def test_white_lines_on_transparency_stay_white():
    def light(x):
        layer = key(x, Ground.TRANSPARENT)
        layer[..., :3] = 1
        return layer

    (drawing,) = draw(light(50), light(70), inner=CrossfadeInterpolator()).drawings
    solid = drawing[..., 3] > 0.4
    assert solid.any()
    np.testing.assert_allclose(drawing[solid][:, :3], 1, atol=1e-5)


@pytest.mark.parametrize("binary", [False, True])
def test_coloured_trace_lines_keep_their_colour(binary):
    def traced(x):
        picture = key(x, Ground.WHITE)
        right = np.arange(WIDTH) > x
        picture[:, right, 0] = 1  # the right half of the circle is red
        return picture

    (drawing,) = draw(traced(50), traced(70), times=(0.4,), binary=binary).drawings
    full = circle(50).ink > 0.9
    left = np.arange(WIDTH) <= 48
    np.testing.assert_allclose(drawing[full & left], 0, atol=0.1)
    np.testing.assert_allclose(drawing[full & ~left & (np.arange(WIDTH) > 53)][:, 0], 1, atol=0.01)
    np.testing.assert_allclose(drawing[full & ~left & (np.arange(WIDTH) > 53)][:, 1:], 0, atol=0.1)


@pytest.mark.parametrize("ground", list(Ground))
def test_binary_in_betweens_have_no_grey(ground):
    keys = key(50, ground), key(70, ground)
    (drawing,) = draw(*keys, inner=FlowInterpolator(), binary=True).drawings
    assert len(np.unique(drawing.reshape(-1, drawing.shape[2]), axis=0)) == 2


@pytest.mark.parametrize("paper", [(250, 240, 215), (255, 255, 0)])
def test_tinted_paper_stays_tinted(paper):
    paper = np.array(paper, np.uint8)

    def tinted(x):
        ink = circle(x).ink[..., None]
        return to_picture(np.rint(paper * (1 - ink)).astype(np.uint8))

    result = draw(tinted(50), tinted(70), inner=FlowInterpolator())
    pixels = from_picture(result.drawings[0], np.uint8)
    assert (pixels[0, 0] == paper).all()
    assert pixels[..., 0].min() < 60
    assert result.details["line_art"] == {"ground": "light", "binary": False}


def test_keys_on_different_grounds_give_drawings_on_the_first():
    opaque = np.concatenate(
        [key(50, Ground.WHITE), np.ones((HEIGHT, WIDTH, 1), np.float32)], axis=2
    )
    for first, last, is_clear in (
        (opaque, key(70, Ground.TRANSPARENT), False),
        (key(50, Ground.TRANSPARENT), opaque, True),
    ):
        (drawing,) = draw(first, last, inner=CrossfadeInterpolator()).drawings
        assert (drawing[..., 3].min() == 0) == is_clear
        assert drawing[40, 28, 3] > 0.4


def test_a_finished_picture_as_key_gives_a_warning():
    rng = np.random.default_rng(0)
    painted = cv2.GaussianBlur(rng.random((HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 12)
    painted = (painted - painted.min()) / (painted.max() - painted.min())
    result = draw(painted, key(70, Ground.WHITE))
    assert any("the first key" in warning for warning in result.details["warnings"])


def test_in_betweens_that_come_out_blank_are_told_of():
    first, last = key(30, Ground.WHITE), key(90, Ground.WHITE)
    result = draw(first, last, inner=CrossfadeInterpolator(), binary=True, times=(0.1, 0.5001, 0.9))
    assert "warnings" not in result.details
    result = draw(first, last, inner=Fading(), binary=True, times=(0.3, 0.7))
    assert "2 of 2 in-betweens" in result.details["warnings"][-1]


class Fading(Interpolator):
    """Draws the first key with a third of its ink."""

    name = "fading"
    capabilities = Capabilities(timing=Timing.ANY_TIME)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        faint = (1 - (1 - request.first) / 3).astype(np.float32)
        return InbetweenResult(drawings=[faint] * len(request.times))


INK = (43, 32, 48)


def inked(x: int, ground: str) -> np.ndarray:
    """A circle in dark violet ink with a red stroke through it."""
    stroke = np.zeros((HEIGHT, WIDTH), np.float32)
    stroke[38:41, x - 15 : x + 15] = 1
    cover = np.maximum(circle(x).ink, stroke)[..., None]
    colour = np.where(stroke[..., None] > 0, (230, 40, 30), INK) / np.float32(255)
    if ground == "clear":
        return np.concatenate([colour * (cover > 0), cover], axis=2).astype(np.float32)
    return (colour * cover + 1 - cover).astype(np.float32)


def test_full_ink_of_a_line_layer_is_opaque_and_has_the_keys_colours():
    first = inked(50, "clear")
    (drawing,) = draw(first, inked(70, "clear"), times=(0.4,)).drawings
    full = first[..., 3] == 1
    assert np.array_equal(
        from_picture(drawing, np.uint8)[full], from_picture(first, np.uint8)[full]
    )
    soft = (first[..., 3] > 0.2) & ~full
    np.testing.assert_allclose(drawing[soft][:, 3], first[soft][:, 3], atol=0.02)
    np.testing.assert_allclose(drawing[soft][:, :3], first[soft][:, :3], atol=0.02)


@pytest.mark.parametrize("ground", ["clear", "white"])
def test_binary_in_betweens_have_the_keys_inks_only(ground):
    keys = inked(50, ground), inked(60, ground)
    (drawing,) = draw(*keys, inner=FlowInterpolator(), binary=True).drawings
    pixels = from_picture(drawing, np.uint8)
    bare = (pixels[..., 3] == 0) if ground == "clear" else (pixels == 255).all(axis=2)
    found = {tuple(colour) for colour in pixels[~bare][:, :3].tolist()}
    assert found == {INK, (230, 40, 30)}
