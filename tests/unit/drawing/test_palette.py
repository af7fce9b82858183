"""A palette is found in finished drawings, and spoilt drawings come back to it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from toontween.data.synthetic.cast import palette as cast
from toontween.drawing.colours.flats import to_lab
from toontween.drawing.palette import NEAR, Palette, lock_to_palette, palette_of
from toontween.errors import InputError, ShapeError
from toontween.media.frames import composite_over, from_picture, to_picture
from toontween.media.images import read_still

EXAMPLES = Path(__file__).parents[3] / "examples"
WHITE = (1.0, 1.0, 1.0)


def picture(name: str) -> np.ndarray:
    return to_picture(read_still(EXAMPLES / name).pixels)


def part(name: str) -> np.ndarray:
    """The middle of a bundled drawing, where the character is: enough to lock, and sooner done."""
    return np.ascontiguousarray(picture(name)[60:260, 130:386])


@pytest.fixture(scope="module")
def head_turn() -> Palette:
    return palette_of([picture("head-turn/key_first.png"), picture("head-turn/key_last.png")])


def spoilt(drawing: np.ndarray, *, noise: float = 0, blur: float = 0, cast: bool = False):
    """As a network might draw it: a colour cast, smeared, noisy (standard deviation in levels)."""
    drawn = drawing
    if cast:
        drawn = drawn * np.array((1.02, 0.98, 1.0), np.float32) + np.array(
            (-0.02, 0.01, 0.015), np.float32
        )
    if blur:
        drawn = cv2.GaussianBlur(drawn, (0, 0), blur)
    rng = np.random.default_rng(0)
    drawn = drawn + rng.normal(0, noise / 255, drawing.shape).astype(np.float32)
    return to_picture(from_picture(drawn.clip(0, 1), np.uint8))


def is_flat(drawing: np.ndarray, palette: Palette) -> np.ndarray:
    """Where the truth has exactly one of the palette's colours."""
    same = (drawing[:, :, None] == palette.colours[None, None]).all(axis=3)
    return same.any(axis=2)


def error(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute error in levels of eight bits."""
    return float(np.abs(one - other).mean() * 255)


def has(palette: Palette, colour: tuple[int, int, int], within: float) -> bool:
    wanted = to_lab(np.array(colour, np.float32)[None] / np.float32(255))
    return bool(np.sqrt(np.square(to_lab(palette.colours) - wanted).sum(axis=1)).min() <= within)


def test_a_palette_has_the_casts_colours_exactly(head_turn):
    tones = (cast.SKIN, cast.HAIR, cast.SCARF, cast.JACKET)
    for colour in (cast.INK, cast.SHEEN, *(c for tone in tones for c in (tone.lit, tone.shade))):
        assert has(head_turn, colour, within=1e-3)


def test_small_things_have_their_colours_in_the_palette_too(head_turn):
    for colour in (cast.IRIS.lit, cast.IRIS.shade, cast.PUPIL, cast.BLUSH, cast.GLINT):
        assert has(head_turn, colour, within=NEAR)


def test_the_anti_aliased_edges_are_no_colours_of_their_own(head_turn):
    assert 25 <= len(head_turn.colours) <= 32  # 29 are painted in the two keys
    assert head_turn.flat > 0.999
    assert head_turn.warnings == ()


def test_the_largest_area_comes_first(head_turn):
    wall = np.array((240, 214, 192), np.float32) / np.float32(255)
    assert np.array_equal(head_turn.colours[0], wall)


def test_of_a_cel_only_what_is_visible_counts():
    palette = palette_of([picture("bouncing-ball/cel_first.png")])
    assert has(palette, cast.BALL.lit, within=1e-3)
    assert len(palette.colours) <= 9
    hidden = picture("bouncing-ball/cel_first.png")
    hidden[hidden[..., 3] == 0] = (0, 1, 0, 0)
    assert np.array_equal(palette_of([hidden]).colours, palette.colours)


def test_sixteen_bit_colours_are_kept_to_the_bit():
    pixels = np.full((20, 20, 3), (12345, 54321, 777), np.uint16)
    palette = palette_of([to_picture(pixels)])
    assert np.array_equal(from_picture(palette.colours[None], np.uint16)[0], [(12345, 54321, 777)])


def test_thin_coloured_lines_are_in_the_palette():
    paper = np.ones((60, 80, 3), np.uint8) * 255
    cv2.line(paper, (5, 8), (70, 40), (220, 30, 30), 1)
    cv2.line(paper, (5, 55), (70, 50), (30, 30, 220), 1, cv2.LINE_AA)
    paper[50, 5:75] = (30, 30, 220)
    palette = palette_of([to_picture(paper)])
    assert has(palette, (30, 30, 220), within=1e-3)
    assert has(palette, (220, 30, 30), within=1e-3)
    assert len(palette.colours) == 3


@pytest.mark.parametrize("scene", ["head-turn", "two-poses", "bouncing-ball"])
def test_a_finished_drawing_is_all_but_unchanged(scene):
    palette = palette_of([picture(f"{scene}/key_first.png"), picture(f"{scene}/key_last.png")])
    drawing = part(f"{scene}/truth/0008.png")
    locked = lock_to_palette(drawing, palette)
    assert error(locked, drawing) < 0.1
    flat = is_flat(drawing, palette)
    assert np.array_equal(locked[flat], drawing[flat])


def test_a_colour_cast_is_taken_back_from_every_flat_area(head_turn):
    truth = part("head-turn/truth/0008.png")
    locked = lock_to_palette(spoilt(truth, cast=True), head_turn)
    flat = is_flat(truth, head_turn)
    assert np.mean((locked == truth).all(axis=2)[flat]) > 0.9999
    assert error(spoilt(truth, cast=True), truth) > 2
    assert error(locked, truth) < 0.1


def test_noise_is_gone_from_flat_areas_and_edges_keep_their_mixtures(head_turn):
    truth = part("head-turn/truth/0008.png")
    noisy = spoilt(truth, noise=4)
    locked = lock_to_palette(noisy, head_turn)
    flat = is_flat(truth, head_turn)
    assert np.mean((locked == truth).all(axis=2)[flat]) > 0.98
    assert error(noisy, truth) > 3
    assert error(locked, truth) < 0.3
    assert error(locked[~flat], truth[~flat]) < 3
    assert np.count_nonzero(np.abs(locked - truth).max(axis=2) > 40 / 255) < 20


def test_cast_blur_and_noise_together_leave_flat_areas_exact_and_edges_soft(head_turn):
    truth = part("head-turn/truth/0008.png")
    smeared = spoilt(truth, noise=3, blur=0.7, cast=True)
    locked = lock_to_palette(smeared, head_turn)
    flat = is_flat(truth, head_turn)
    inside = cv2.erode(flat.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.mean((locked == truth).all(axis=2)[inside]) > 0.95
    assert error(locked, truth) < error(smeared, truth) / 2
    assert error(locked[~flat], truth[~flat]) < error(smeared[~flat], truth[~flat])
    on_palette = is_flat(locked, head_turn)
    assert 0.02 < 1 - on_palette.mean() < 0.2  # edges are mixtures still, not jaggies


@pytest.mark.parametrize(
    "spoiling", [{}, {"noise": 4}, {"cast": True}, {"noise": 3, "blur": 0.7, "cast": True}]
)
def test_locking_twice_is_locking_once(head_turn, spoiling):
    locked = lock_to_palette(spoilt(part("head-turn/truth/0008.png"), **spoiling), head_turn)
    assert np.array_equal(lock_to_palette(locked, head_turn), locked)


def test_a_locked_drawing_that_was_written_with_eight_bits_stays_as_it_is(head_turn):
    smeared = spoilt(part("head-turn/truth/0008.png"), noise=3, blur=0.7, cast=True)
    written = from_picture(lock_to_palette(smeared, head_turn), np.uint8)
    again = from_picture(lock_to_palette(to_picture(written), head_turn), np.uint8)
    change = np.abs(again.astype(int) - written).max(axis=2)
    assert np.mean(change > 1) < 1e-3


def test_alpha_and_invisible_pixels_are_untouched():
    palette = palette_of([picture("head-turn/cel_first.png"), picture("head-turn/cel_last.png")])
    cel = part("head-turn/truth_cel/0008.png")
    cel[cel[..., 3] == 0, :3] = (0.2, 0.9, 0.1)
    noisy = np.concatenate([spoilt(cel[..., :3], noise=4), cel[..., 3:]], axis=2)
    locked = lock_to_palette(noisy, palette)
    assert np.array_equal(locked[..., 3], cel[..., 3])
    hidden = cel[..., 3] == 0
    assert np.array_equal(locked[hidden], noisy[hidden])
    assert error(composite_over(locked, WHITE), composite_over(cel, WHITE)) < 0.3


def flat_drawing() -> np.ndarray:
    """A dark disc with an outline on paper, 60×80, colours (0.9, 0.85, 0.7), (0.8, 0.3, 0.2) and black."""
    y, x = np.mgrid[:60, :80] + 0.5
    outside = (np.hypot(x - 40, y - 30) - 18)[..., None]
    body, line = np.clip(0.5 - outside, 0, 1), np.clip(2 - np.abs(outside), 0, 1)
    drawn = (np.array([0.9, 0.85, 0.7]) * (1 - body) + np.array([0.8, 0.3, 0.2]) * body) * (
        1 - line
    )
    return to_picture(from_picture(drawn.astype(np.float32), np.uint8))


def test_specks_inside_flat_areas_go_and_small_details_stay():
    drawing = flat_drawing()
    palette = palette_of([drawing])
    speckled = drawing.copy()
    speckled[5, 5] = speckled[30, 40] = (1, 0, 1)
    speckled[50, 60:62] = (0, 0, 0)
    speckled[8:11, 70:73] = (0, 0, 0)
    locked = lock_to_palette(speckled, palette)
    assert np.array_equal(locked[5, 5], drawing[5, 5])
    assert np.array_equal(locked[30, 40], drawing[30, 40])
    assert np.array_equal(locked[50, 60:62], drawing[50, 60:62])
    assert np.array_equal(locked[8:11, 70:73], speckled[8:11, 70:73])
    kept = lock_to_palette(speckled, palette, smallest_px=0)
    assert np.array_equal(kept[50, 60:62], speckled[50, 60:62])


def test_an_edge_between_two_colours_has_no_third_colour_on_it():
    """Halfway between black and white lies grey; a smeared edge must not find the palette's grey."""
    colours = np.array([(0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5)], np.float32)
    step = np.zeros((40, 40, 3), np.float32)
    step[:, 20:] = 1
    smeared = cv2.GaussianBlur(step, (0, 0), 1.0)
    locked = lock_to_palette(smeared, Palette(colours))
    ramp = locked[20, :, 0]
    assert (np.diff(ramp) >= 0).all()
    np.testing.assert_allclose(locked, smeared, atol=0.06)
    assert not is_flat(locked, Palette(colours[2:])).any()


def painted_drawing() -> np.ndarray:
    """The ball on a sky that pales towards the horizon and on rough ground."""
    cel = picture("bouncing-ball/cel_first.png")
    height, width = cel.shape[:2]
    down = np.mgrid[:height, :width][0][..., None] / height
    ground = np.array([0.35, 0.6, 0.95]) + down * np.array([0.5, 0.3, -0.2])
    rough = cv2.GaussianBlur(np.random.default_rng(1).normal(size=(height, width)), (0, 0), 2)
    ground[220:] = np.array([0.5, 0.6, 0.3]) + 0.3 * rough[220:, :, None]
    drawn = cel[..., :3] * cel[..., 3:] + ground * (1 - cel[..., 3:])
    return to_picture(from_picture(drawn.astype(np.float32), np.uint8))


def test_painted_references_are_said_to_be_painted():
    palette = palette_of([painted_drawing()])
    assert 0.05 < palette.flat < 0.3  # the ball and a little of the rough ground
    assert f"only {palette.flat:.0%} of the references is flat" in palette.warnings[0]
    assert has(palette, cast.BALL.lit, within=1e-3)


def test_gradients_and_textures_are_not_posterised():
    drawing = painted_drawing()
    palette = palette_of([drawing])
    locked = lock_to_palette(drawing, palette)
    changed = np.abs(locked - drawing).max(axis=2)
    assert np.mean(changed > 0) < 0.005
    assert changed[:200, 250:].max() == 0
    noisy = spoilt(drawing, noise=3)
    ball = is_flat(drawing, palette)
    locked = lock_to_palette(noisy, palette)
    assert np.mean((locked == drawing).all(axis=2)[ball]) > 0.9
    sky = np.s_[10:200, 330:480]
    assert np.abs(locked - noisy)[sky].max() < 1 / 255  # a hardly noticeable cast was taken back


def test_an_enlarged_drawing_is_still_flat():
    large = cv2.resize(
        read_still(EXAMPLES / "bouncing-ball/key_first.png").pixels,
        (1280, 800),
        interpolation=cv2.INTER_CUBIC,
    )
    palette = palette_of([to_picture(large)])
    assert palette.flat > 0.99
    assert len(palette.colours) < 30


def test_compression_is_said_to_have_spoilt_the_flat_colours():
    pixels = read_still(EXAMPLES / "head-turn/key_first.png").pixels
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])
    decoded = np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
    palette = palette_of([to_picture(decoded)])
    assert "traces of compression" in palette.warnings[0]
    for colour in ((240, 214, 192), cast.HAIR.lit, cast.SKIN.lit):
        assert has(palette, colour, within=NEAR)


def test_a_picture_without_flat_colour_gives_an_empty_palette_that_changes_nothing():
    noise = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    palette = palette_of([noise])
    assert len(palette.colours) == 0
    assert "no flat colour" in palette.warnings[0]
    assert np.array_equal(lock_to_palette(noise, palette), noise)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (2, 3), (30, 1)])
def test_any_size_is_locked(height, width):
    palette = Palette(np.array([(0, 0, 0), (1, 1, 1)], np.float32))
    locked = lock_to_palette(np.full((height, width, 3), 0.97, np.float32), palette)
    assert np.array_equal(locked, np.ones((height, width, 3), np.float32))
    assert palette_of([locked]).flat in (0.0, 1.0)


def test_what_is_no_picture_is_refused():
    palette = Palette(np.zeros((1, 3), np.float32))
    with pytest.raises(InputError, match="at least one"):
        palette_of([])
    with pytest.raises(ShapeError, match="height, width"):
        palette_of([np.zeros((4, 4, 2), np.float32)])
    with pytest.raises(ShapeError, match="height, width"):
        lock_to_palette(np.zeros((4, 4, 1), np.float32), palette)
    with pytest.raises(InputError, match="smallest_px 9"):
        lock_to_palette(np.zeros((4, 4, 3), np.float32), palette, smallest_px=9)
    with pytest.raises(ShapeError, match="not 0…1"):
        Palette(np.full((1, 3), 255, np.float32))


def test_a_cloud_in_the_tones_of_a_gradient_does_not_dissolve_into_the_sky():
    sky, cloud, change = np.array([[207, 239, 252], [222, 245, 255], [20, 8, 0]], np.float32) / 255
    drawing = np.empty((160, 240, 3), np.float32)
    drawing[:80] = sky
    fade = np.linspace(-1, 1, 80, dtype=np.float32)[:, None, None]
    drawing[80:] = cloud + fade * change
    cv2.circle(drawing, (120, 40), 14, cloud.tolist(), -1)
    drawing = np.rint(drawing.clip(0, 1) * 255).astype(np.float32) / np.float32(255)
    palette = palette_of([drawing])
    assert has(palette, (207, 239, 252), within=0.1)
    assert not has(palette, (222, 245, 255), within=0.1)  # one tone of many
    middle = cv2.circle(np.zeros((160, 240), np.uint8), (120, 40), 11, 1, -1) > 0
    assert np.array_equal(lock_to_palette(drawing, palette)[middle], drawing[middle])
