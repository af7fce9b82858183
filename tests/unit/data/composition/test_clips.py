"""Composed clips."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from toontween.data.composition.clips import (
    compose_clip,
    open_cache,
    plan_scene,
    share_changed,
)
from toontween.data.composition.compositing import compose, frame_at, premultiplied, recoloured
from toontween.data.composition.scenes import Actor, Backdrop, Camera, Recolouring, ScenePlan
from toontween.data.composition.settings import ComposeSettings
from toontween.data.composition.windows import Window, find_window
from toontween.errors import InputError, MediaError

SETTINGS = ComposeSettings(clips=1, frames=8, size=(48, 32), seed=3)


def test_a_clip_is_decided_by_its_number_and_the_seed(cache):
    one, same = compose_clip(cache, 5, SETTINGS), compose_clip(cache, 5, SETTINGS)
    np.testing.assert_array_equal(one.frames, same.frames)
    assert (one.caption, one.about, one.exposures) == (same.caption, same.about, same.exposures)
    other = compose_clip(cache, 5, dataclasses.replace(SETTINGS, seed=4))
    assert not np.array_equal(one.frames, other.frames)


def test_the_ends_of_clips_clearly_differ(cache):
    for number in range(6):
        clip = compose_clip(cache, number, SETTINGS)
        assert clip.frames.shape == (8, 32, 48, 3)
        assert share_changed(clip.frames) >= 0.025


def test_parts_of_a_clip_say_whose_they_are(cache):
    for number in range(6):
        parts = compose_clip(cache, number, SETTINGS).about["parts"]
        assert all(part["licence"] and part["attribution"] for part in parts)
        assert not any("green" in part["id"] for part in parts)  # it is of the other split


def test_a_split_is_composed_of_its_own_clips(cache):
    clip = compose_clip(cache, 0, dataclasses.replace(SETTINGS, split="val"))
    figures = [part["id"] for part in clip.about["parts"] if "scene" not in part["id"]]
    assert figures == ["other/greenBox"]
    assert clip.key == "val-3-000000"


def test_nothing_that_suits_is_an_error(tmp_path):
    with pytest.raises(MediaError, match="moves smoothly enough"):
        compose_clip(tmp_path, 0, SETTINGS)


def test_clips_longer_than_the_material_are_an_error(cache):
    with pytest.raises(MediaError, match="enough motion"):
        compose_clip(cache, 0, dataclasses.replace(SETTINGS, frames=40))


@pytest.mark.parametrize("on", [1, 2, 3])
def test_drawings_on_twos_and_threes_are_further_apart_and_held_longer(cache, on):
    sprite = open_cache(cache, "train").sprites[0]
    window = find_window(np.random.default_rng(0), sprite, num_drawings=8, on=on, step=1)
    assert window is not None
    assert window.times == tuple(range(0, 8 * on, on))
    assert window.exposures == (on,) * 8


def test_a_drawing_the_material_repeats_is_held_instead(cache):
    sprite = open_cache(cache, "train").sprites[0]
    held = dataclasses.replace(sprite, order=np.array([0, 1, 1, *range(2, 35)]))
    window = find_window(np.random.default_rng(0), held, num_drawings=35, on=1, step=1)
    assert window is not None
    assert window.times[:4] == (0, 1, 3, 4)
    assert window.exposures[:3] == (1, 2, 1)


def test_a_clip_that_holds_and_pops_has_no_window(cache):
    sprite = open_cache(cache, "train").sprites[0]
    jump = np.repeat([0, 35], 18)
    popping = dataclasses.replace(sprite, thumbs=sprite.thumbs[jump])
    rng = np.random.default_rng(0)
    assert find_window(rng, popping, num_drawings=8, on=1, step=1) is None


def plan(**changes: Any) -> ScenePlan:
    times = tuple(range(8))
    actor = Actor(
        sprite=0,
        window=Window(start=4, step=1, times=times, exposures=(1,) * 8),
        x=0.3,
        y=0.5,
        height=0.8,
        depth=1.0,
    )
    white = (1.0, 1.0, 1.0)
    backdrop = Backdrop(
        scene=None,
        colours=(white, white),
        angle=0.0,
        blur=0.0,
        depth=0.3,
        recolouring=Recolouring(),
        mirrored=False,
        ground=None,
    )
    plain = ScenePlan(
        actors=(actor,),
        lead=0,
        backdrop=backdrop,
        camera=Camera(start=(0.0, 0.0, 1.0), end=(0.0, 0.0, 1.0), eased=False),
        on=1,
        mirrored=False,
        backwards=False,
    )
    return dataclasses.replace(plain, **changes)


def drawn(cache, **changes: Any):
    return compose(plan(**changes), open_cache(cache, "train").sprites, [], (48, 32))


def test_mirrored_and_reversed_clips_are_the_same_pictures_turned(cache):
    frames, alpha = drawn(cache)
    mirrored, _ = drawn(cache, mirrored=True)
    backwards, turned = drawn(cache, backwards=True)
    np.testing.assert_array_equal(mirrored, frames[:, :, ::-1])
    np.testing.assert_array_equal(backwards, frames[::-1])
    np.testing.assert_array_equal(turned, alpha[::-1])


def test_a_reversed_clip_reverses_its_exposures(cache):
    for number in range(30):
        clip = compose_clip(cache, number, SETTINGS)
        if clip.about["backwards"]:
            assert len(clip.exposures) == 8
            return
    pytest.fail("no clip of thirty is reversed")


def test_a_figure_stands_where_it_was_planned_and_covers_what_alpha_says(cache):
    frames, alpha = drawn(cache)
    assert (frames[0][alpha[0] == 0] == 255).all()
    solid = frames[0][alpha[0] == 255]
    assert (solid == [30, 60, 220]).all()
    rows = np.flatnonzero(alpha.max(axis=(0, 2)) > 127)
    assert abs((rows[0] + rows[-1] + 1) / 2 - 0.5 * 32) <= 1
    assert rows[-1] + 1 - rows[0] <= 0.8 * 32 + 1


def test_what_is_far_follows_the_camera_less(cache):
    pan = Camera(start=(0.0, 0.0, 1.0), end=(0.4, 0.0, 1.0), eased=False)
    still, _ = drawn(cache)
    shifts = []
    for depth in (0.4, 1.0):
        actor = dataclasses.replace(plan().actors[0], depth=depth)
        moved, _ = drawn(cache, actors=(actor,), camera=pan)
        shifts.append(middle(still[-1]) - middle(moved[-1]))
    assert 0.3 < shifts[0] / shifts[1] < 0.5


def middle(frame):
    dark = (255 - frame.astype(float)).sum(axis=(0, 2))
    return float((dark * np.arange(len(dark))).sum() / dark.sum())


def test_a_figure_turns_around_where_its_clip_ends():
    actor = plan().actors[0]
    assert [frame_at(actor, time, 8) for time in range(6)] == [4, 5, 6, 7, 6, 5]
    assert frame_at(actor, 0, 1) == 0
    reversed_one = dataclasses.replace(actor, backwards=True)
    assert frame_at(reversed_one, 7, 20) == 4


def test_a_colour_change_keeps_greys_grey_and_alpha_as_it_is():
    picture = np.zeros((1, 3, 4), np.uint8)
    picture[0] = [[90, 90, 90, 255], [200, 40, 40, 128], [0, 0, 0, 0]]
    seen = recoloured(premultiplied(picture), Recolouring(hue=120.0, saturation=1.0))
    assert np.ptp(seen[0, 0, :3].astype(int)) <= 1
    assert seen[0, 1, 1] > seen[0, 1, 0]  # red has become green
    np.testing.assert_array_equal(seen[..., 3], picture[..., 3])


def test_lightness_does_not_light_what_is_transparent():
    clear = np.zeros((1, 1, 4), np.uint8)
    assert recoloured(clear, Recolouring(lightness=0.5)).max() == 0


def test_plans_have_one_to_four_figures_from_far_to_near(cache):
    cast, rng, counts = open_cache(cache, "train"), np.random.default_rng(0), set()
    for _ in range(40):
        made = plan_scene(rng, cast, SETTINGS)
        if made is not None:
            depths = [actor.depth for actor in made.actors]
            assert depths == sorted(depths)
            counts.add(len(depths))
    assert {1, 2, 3} <= counts <= {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"clips": 0}, "clips is 0"), ({"frames": 1}, "frames is 1"), ({"clips": None}, "not given")],
)
def test_settings_out_of_range_are_refused(changes, says):
    with pytest.raises(InputError, match=says):
        dataclasses.replace(SETTINGS, **changes)
