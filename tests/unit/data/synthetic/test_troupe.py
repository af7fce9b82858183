"""The troupe: how bodies hold together, stand on the ground and get from pose to pose."""

import numpy as np
import pytest

from toontween.data.synthetic.stage.camera import moved, random_camera, scaled, spun
from toontween.data.synthetic.stage.colours import name_of
from toontween.data.synthetic.troupe.acting import (
    STEP,
    Mark,
    random_acting,
    random_travel,
    step_at,
)
from toontween.data.synthetic.troupe.biped import random_biped
from toontween.data.synthetic.troupe.bust import random_bust
from toontween.data.synthetic.troupe.casting import random_cast
from toontween.data.synthetic.troupe.faces import HeadPose
from toontween.data.synthetic.troupe.forms import two_bones
from toontween.data.synthetic.troupe.props import random_ball

MARK = Mark(x=0.0, ground=0.3, size=0.6, facing=1.0)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_bones_keep_their_lengths_and_reach_as_far_as_they_can():
    middle, end = two_bones((0.0, 0.0), (0.0, 1.5), 1.0, 1.0, bend=1.0)
    assert np.hypot(*middle) == pytest.approx(1.0)
    assert np.hypot(end[0] - middle[0], end[1] - middle[1]) == pytest.approx(1.0)
    assert end == pytest.approx((0.0, 1.5))
    assert middle[0] > 0.1
    assert two_bones((0.0, 0.0), (0.0, 9.0), 1.0, 1.0, bend=1.0)[1][1] == pytest.approx(
        2.0, rel=0.01
    )


def test_acting_begins_and_ends_exactly_in_its_poses():
    for seed in range(10):
        acting = random_acting(rng(seed))
        np.testing.assert_allclose(acting.at(0.0), acting.first)
        np.testing.assert_allclose(acting.at(1.0), acting.last)
        assert np.abs(acting.last - acting.first)[:8].max() > 30.0


def test_acting_goes_back_a_little_before_it_goes():
    acting = random_acting(rng(1))
    away = acting.last - acting.first
    shares = [
        float((acting.at(t) - acting.first) @ away / (away @ away)) for t in np.linspace(0, 1, 60)
    ]
    assert min(shares) < -0.01


def test_a_standing_foot_stays_where_it_is_while_the_body_walks_on():
    walk = random_travel(rng(0), kinds=("walk",))
    spots = []
    for time in np.linspace(0.02, 0.45, 9) / walk.strides:
        ahead, lift = step_at(walk.strides * time)
        assert lift == 0.0
        spots.append(walk.along(float(time)) + STEP * ahead)
    assert np.ptp(spots) < 1e-9


def test_a_jump_leaves_the_ground_and_lands_on_it():
    jump = random_travel(rng(0), kinds=("jump",))
    assert jump.up(0.0) == jump.up(1.0) == 0.0
    assert jump.up(0.5) > 0.1


def test_a_ball_keeps_its_area_and_never_sinks_into_the_ground():
    ball = random_ball(rng(2), MARK)
    for time in np.linspace(0, 1, 40):
        placed = ball.place(float(time))
        assert placed.scale == pytest.approx(MARK.size)
        assert placed.offset[1] < MARK.ground


def test_a_head_turned_away_hides_the_eye_on_its_far_side():
    head = random_bust(rng(0), MARK).head
    pose = HeadPose(turn_deg=75.0)
    assert head.spot_at(pose, 30.0, 0.0)[1] < 0.0
    assert head.spot_at(pose, -30.0, 0.0)[1] > 0.5


@pytest.mark.parametrize("kind", ["person", "bean", "robot"])
def test_feet_stand_on_the_ground_at_the_first_key(kind: str):
    for seed in range(8):
        player = random_biped(rng(seed), MARK, kind=kind)
        foot = player.landmarks(0.0)["near foot"]
        assert -0.25 < foot[1] <= 0.02, seed


def test_who_stands_lower_is_drawn_later():
    for seed in range(20):
        cast = random_cast(rng(seed), ground=0.2, half_width=0.8)
        standing = [
            p.mark.ground
            for p in cast.players
            if type(p).__name__ in ("Biped", "Critter", "Ball", "Standing")
        ]
        assert standing == sorted(standing)
        assert cast.lead in cast.players


def test_placings_are_done_from_right_to_left():
    both = moved(1.0, 0.0).after(spun(90.0).after(scaled(2.0, 2.0)))
    np.testing.assert_allclose(both(np.array([[1.0, 0.0]])), [[1.0, 2.0]], atol=1e-12)
    assert both.scale == pytest.approx(2.0)


def test_a_camera_looks_at_the_middle_and_says_when_it_moves():
    said = set()
    for seed in range(40):
        camera = random_camera(rng(seed), (160, 100))
        far = [camera.view(time, nearness=0.0)(np.zeros((1, 2))) for time in (0.0, 1.0)]
        np.testing.assert_allclose(far, [[[80, 50]], [[80, 50]]], atol=1e-9)
        same = np.allclose(camera.view(0.0).matrix, camera.view(1.0).matrix) and np.allclose(
            camera.view(0.0).offset, camera.view(1.0).offset
        )
        assert same != camera.moves
        said.add(camera.says)
    assert len(said) > 4


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((250, 20, 20), "red"),
        ((20, 20, 240), "blue"),
        ((250, 250, 250), "white"),
        ((120, 80, 40), "brown"),
        ((10, 10, 10), "black"),
    ],
)
def test_colours_are_called_what_people_call_them(colour: tuple[int, int, int], name: str):
    assert name_of(colour) == name
