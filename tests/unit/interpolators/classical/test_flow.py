import cv2
import numpy as np
import pytest

from toontween.errors import InputError
from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import build
from toontween.interpolators.classical.flow import estimate_flow


def disc(x: float, *, channels: int = 3, ink: float = 0.1, paper: float = 0.9) -> np.ndarray:
    """A disc of radius 11 around (x, 32) in a picture of 64×96, softly edged."""
    rows, columns = np.mgrid[:64, :96] + 0.5
    inside = np.clip(11.5 - np.hypot(columns - x, rows - 32), 0, 1)[..., None]
    if channels == 4:
        colour = np.full((64, 96, 3), ink) * (inside > 0)
        return np.concatenate([colour, inside], axis=-1).astype(np.float32)
    return np.repeat(paper + (ink - paper) * inside, 3, axis=-1).astype(np.float32)


def centre_of(cover: np.ndarray) -> float:
    return float((cover * (np.arange(cover.shape[1]) + 0.5)).sum() / cover.sum())


def draw(first: np.ndarray, last: np.ndarray, *times: float) -> list[np.ndarray]:
    return build("flow").inbetween(InbetweenRequest(first=first, last=last, times=times)).drawings


def test_the_flow_of_a_moved_disc_is_its_motion():
    forward, backward = estimate_flow(disc(40), disc(46))
    inside = disc(40)[..., 0] < 0.2
    assert forward[0, 0].numpy()[inside].mean() == pytest.approx(6, abs=0.7)
    assert backward[0, 0].numpy()[disc(46)[..., 0] < 0.2].mean() == pytest.approx(-6, abs=0.7)
    assert abs(forward[0, 1].numpy()[inside].mean()) < 0.3


@pytest.mark.parametrize("time", [0.25, 0.5, 0.75])
def test_a_disc_that_moves_is_drawn_where_it_is_at_that_time(time):
    (picture,) = draw(disc(40), disc(46), time)
    ink = 0.9 - picture[..., 0]
    assert centre_of(ink) == pytest.approx(40 + 6 * time, abs=0.3)
    assert np.abs(picture - disc(40 + 6 * time)).mean() < 0.006


def test_a_transparent_disc_moves_with_its_alpha():
    (picture,) = draw(disc(40, channels=4), disc(46, channels=4), 0.5)
    assert centre_of(picture[..., 3]) == pytest.approx(43, abs=0.4)
    assert picture[32, 43, 3] > 0.99
    assert not picture[:10].any()


@pytest.mark.parametrize("ink", [0.02, 0.98], ids=["black", "white"])
def test_flow_sees_drawings_of_any_brightness_on_transparency(ink):
    forward, _ = estimate_flow(disc(40, channels=4, ink=ink), disc(46, channels=4, ink=ink))
    inside = disc(40, channels=4)[..., 3] == 1
    assert forward[0, 0].numpy()[inside].mean() == pytest.approx(6, abs=0.7)


def test_what_appears_from_nowhere_fades_in_where_nothing_lands():
    first = np.full((48, 48, 3), 0.8, np.float32)
    last = first.copy()
    last[20:28, 20:28] = (0.9, 0.1, 0.1)
    early, late = draw(first, last, 0.1, 0.9)
    assert np.isfinite(early).all()
    assert np.abs(early - first).mean() < np.abs(early - last).mean()
    assert np.abs(late - last).mean() < np.abs(late - first).mean()


def test_the_number_of_threads_changes_nothing():
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        single = draw(disc(40), disc(46), 0.4)[0]
        cv2.setNumThreads(4)
        several = draw(disc(40), disc(46), 0.4)[0]
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(single, several)


@pytest.mark.parametrize("sharpness", [-1.0, 81.0, float("nan")])
def test_an_impossible_sharpness_is_refused(sharpness):
    key = disc(40)
    request = InbetweenRequest(first=key, last=key, times=(0.5,), options={"sharpness": sharpness})
    with pytest.raises(InputError, match="sharpness"):
        build("flow").inbetween(request)
