"""The procedural studio."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from toontween.data.clips import Clip
from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.stage.camera import moved
from toontween.data.synthetic.stage.colours import Paint
from toontween.data.synthetic.stage.looks import Brush, Look, Shading, Style
from toontween.data.synthetic.studio import (
    Production,
    StudioOptions,
    drawn,
    production,
    studio_clip,
    studio_clips,
)
from toontween.data.synthetic.troupe.acting import Mark
from toontween.data.synthetic.troupe.casting import Cast
from toontween.data.synthetic.troupe.props import Standing
from toontween.errors import InputError, ShapeError

SMALL = StudioOptions(size=(80, 50), num_frames=3)
NUM = 6


@cache
def clips(look: Look = Look.CEL) -> tuple[Clip, ...]:
    return tuple(studio_clips(3, NUM, replace(SMALL, look=look)))


@cache
def made(number: int, look: Look = Look.CEL) -> Production:
    return production(3, number, replace(SMALL, look=look))


def crate(x: float, colour: tuple[int, int, int]) -> Standing:
    mark = Mark(x=x, ground=0.3, size=0.6, facing=1.0)
    paint = Paint(colour, colour)
    return Standing(who="a crate", does="", mark=mark, kind="crate", main=paint, other=paint)


@pytest.mark.parametrize("look", list(Look))
def test_a_clip_alone_is_the_same_bytes_as_in_a_run(look: Look):
    again = studio_clip(3, replace(SMALL, look=look), number=2)
    first = clips(look)[2]
    assert again.frames.tobytes() == first.frames.tobytes()
    assert again.about == first.about
    assert (again.key, again.caption) == (first.key, first.caption)


def test_a_run_can_start_at_any_clip():
    (one,) = studio_clips(3, 1, SMALL, start=5)
    assert one.frames.tobytes() == clips()[5].frames.tobytes()


def test_no_two_clips_look_alike():
    seen = [clip.frames[1].astype(float) for clip in clips()]
    others = [studio_clip(4, SMALL).frames[1].astype(float)]
    gaps = [np.abs(a - b).mean() for a, b in combinations(seen + others, 2)]
    assert min(gaps) > 12.0
    assert len({clip.caption for clip in clips()}) == NUM


def test_the_keys_differ_and_every_drawing_is_a_new_one():
    for clip in clips():
        frames = clip.frames.astype(float)
        steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
        assert np.abs(frames[0] - frames[-1]).mean() > 3.0, clip.caption
        assert steps.min() > 0.0, clip.caption


def test_some_landmark_goes_a_long_way():
    for clip in clips():
        paths = np.array(list(clip.about["landmarks"].values()))
        assert paths.shape[1:] == (SMALL.num_frames, 2)
        assert np.hypot(*(paths[:, -1] - paths[:, 0]).T).max() > 0.08 * 50, clip.caption


def test_landmarks_lie_in_the_picture_and_on_the_drawing_mostly():
    inside, on_drawing = [], []
    for clip in clips():
        assert clip.alpha is not None
        height, width = clip.frames.shape[1:3]
        for path in clip.about["landmarks"].values():
            for index, (x, y) in enumerate(path):
                inside.append(0 <= x < width and 0 <= y < height)
                if inside[-1]:
                    around = clip.alpha[
                        index, max(int(y) - 1, 0) : int(y) + 2, max(int(x) - 1, 0) : int(x) + 2
                    ]
                    on_drawing.append(around.max() > 127)
    assert np.mean(inside) > 0.8
    assert np.mean(on_drawing) > 0.9


def test_both_looks_show_the_same_motion():
    for cel, textured in zip(clips(), clips(Look.TEXTURED), strict=True):
        assert cel.about["landmarks"] == textured.about["landmarks"]
        assert cel.caption == textured.caption
        assert cel.alpha is not None
        assert textured.alpha is not None
        assert np.mean((cel.alpha > 127) != (textured.alpha > 127)) < 0.05  # the ink's outer half
        assert np.abs(cel.frames.astype(float) - textured.frames).mean() > 2.0


def test_the_textured_look_has_no_ink():
    assert all(clip.lines is None for clip in clips(Look.TEXTURED))


def test_ink_lies_on_the_foreground_and_has_the_colour_of_the_pen():
    inked = 0
    for number in range(NUM):
        play = production(3, number, StudioOptions())
        seen = drawn(play, 0.5, np.full((160, 256, 3), 255, np.uint8))
        assert np.all(seen.alpha >= seen.line)
        solid = seen.line == 255
        inked += solid.sum()
        # half-transparent glints and cheeks may lie on ink
        off = np.abs(seen.frame[solid].astype(int) - play.style.ink).max(axis=-1)
        assert (off > 2).sum() <= 0.03 * solid.sum(), number
    assert inked > 2000


def test_the_foreground_hides_the_backdrop_and_only_the_foreground():
    for number in range(4):
        play = made(number)
        black, white = (
            drawn(play, 0.5, np.full((50, 80, 3), value, np.uint8)) for value in (0, 255)
        )
        assert np.array_equal(black.alpha, white.alpha)
        covered, bare = black.alpha == 255, black.alpha == 0
        assert np.abs(black.frame[covered].astype(int) - white.frame[covered]).max() <= 1
        assert white.frame[bare].min() > 150
        assert black.frame[bare].max() < 60


def test_who_is_nearer_hides_who_is_behind_and_their_ink():
    red, blue = crate(-0.1, (250, 0, 0)), crate(0.1, (0, 0, 250))
    style = Style(
        look=Look.CEL, pen=0.02, ink=(0, 0, 0), swell=False, shading=Shading.FLAT, light=(0.1, 0.1)
    )
    for behind, before, colour in ((red, blue, (0, 0, 250)), (blue, red, (250, 0, 0))):
        play = replace(made(0), cast=Cast(players=(behind, before), lead=behind), style=style)
        view = play.camera.view(0.0)
        seen = drawn(play, 0.0, np.full((50, 80, 3), 255, np.uint8))
        x, y = view(np.array([[0.0, 0.15]]))[0].astype(int)
        assert seen.frame[y, x].tolist() == list(colour)
        assert seen.line[y, x] == 0


def test_a_texture_moves_with_its_shape():
    style = replace(made(0, Look.TEXTURED).style, look=Look.TEXTURED)
    form = np.array(
        [[10, 10], [20, 10], [30, 10], [30, 20], [30, 30], [20, 30], [10, 30], [10, 20]], float
    )
    pictures = []
    for shift in (0.0, 20.0):
        canvas = Canvas(64, 64, enlarged=2)
        Brush(canvas, style, moved(shift, shift), 64).shape(
            form, Paint((200, 90, 40), (90, 40, 20), 4)
        )
        pictures.append(canvas.layers().cel)
    assert pictures[0][12:28, 12:28, 0].std() > 0.02
    gap = np.abs(pictures[0][12:28, 12:28] - pictures[1][32:48, 32:48])
    assert gap.mean() < 0.005
    assert gap.max() < 0.1


def test_a_caption_is_one_plain_sentence():
    for clip in clips():
        assert "\n" not in clip.caption
        assert clip.caption[0].isupper()
        assert clip.caption.endswith(".")


@pytest.mark.parametrize("size", [(31, 64), (64, 0), (5000, 64)])
def test_a_size_that_cannot_be_drawn_is_refused(size: tuple[int, int]):
    with pytest.raises(ShapeError, match=f"{size[0]} × {size[1]} px"):
        StudioOptions(size=size)


@pytest.mark.parametrize("count", [-1, 1, 1001])
def test_a_clip_needs_two_keys_and_an_end(count: int):
    with pytest.raises(InputError, match=f"{count} frames"):
        StudioOptions(num_frames=count)


def test_rates_and_seeds_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"0\.0 frames a second"):
        StudioOptions(fps=0.0)
    with pytest.raises(InputError, match="seed -1"):
        studio_clip(-1, SMALL)


@pytest.mark.slow
def test_a_hundred_clips_can_be_drawn():
    for clip in studio_clips(11, 100, StudioOptions(size=(64, 64), num_frames=3)):
        assert np.abs(clip.frames[0].astype(float) - clip.frames[-1]).mean() > 1.0, clip.caption
