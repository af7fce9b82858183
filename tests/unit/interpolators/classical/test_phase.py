import numpy as np
import pytest

from toontween.errors import InputError
from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import build
from toontween.interpolators.classical import phase
from toontween.interpolators.classical.phase import num_levels


def texture(shift: float) -> np.ndarray:
    """A broad-band pattern moved to the right by `shift` pixels; it repeats at the borders.

    Its waves lie between the pyramid's low-pass, which is blended, and its high-pass, which is copied.
    """
    random = np.random.RandomState(0)
    rows, columns = np.mgrid[:80, :96].astype(np.float64)
    pattern = np.zeros((80, 96))
    for cycles in range(9, 22):
        across, start = random.randint(-4, 5), random.rand()
        turns = cycles * (columns - shift) / 96 + across * rows / 80 + start
        pattern += np.cos(2 * np.pi * turns) / cycles
    return np.repeat(0.5 + 0.25 * pattern[..., None], 3, axis=-1).astype(np.float32)


def error_of(picture: np.ndarray, shift: float) -> float:
    return float(np.abs(picture - texture(shift)).mean())


def draw(first: np.ndarray, last: np.ndarray, *times: float, **options: object) -> list[np.ndarray]:
    request = InbetweenRequest(first=first, last=last, times=times)
    return build("phase", **options).inbetween(request).drawings


@pytest.mark.parametrize("time", [0.25, 0.5, 0.75])
def test_a_pattern_that_moves_a_little_is_drawn_where_it_is_at_that_time(time):
    (picture,) = draw(texture(0), texture(1), time)
    crossfaded = (1 - time) * texture(0) + time * texture(1)
    assert error_of(picture, time) < 0.05 * error_of(crossfaded, time)


def test_a_motion_of_more_than_half_a_wave_is_taken_from_coarser_levels():
    (picture,) = draw(texture(0), texture(2.5), 0.5)
    crossfaded = (texture(0) + texture(2.5)) / 2
    assert 2.5 * 21 / 96 > 0.5, "the finest wave alone would be taken for one that moved back"
    assert error_of(picture, 1.25) < 0.15 * error_of(crossfaded, 1.25)


def test_without_trust_in_coarse_phases_fast_waves_go_astray():
    trusting = draw(texture(0), texture(2.5), 0.5)[0]
    doubting = draw(texture(0), texture(2.5), 0.5, shift_limit=0.0)[0]
    assert error_of(doubting, 1.25) > 3 * error_of(trusting, 1.25)


def test_several_passes_give_the_same_drawings(monkeypatch):
    first, last = texture(0), texture(1)
    at_once = draw(first, last, 0.2, 0.4, 0.6)
    monkeypatch.setattr(phase, "MAX_SPECTRUM_ELEMENTS", first.size)
    one_by_one = draw(first, last, 0.2, 0.4, 0.6)
    np.testing.assert_array_equal(np.stack(at_once), np.stack(one_by_one))


@pytest.mark.parametrize(
    ("height", "width", "levels"),
    [(1, 1, 0), (15, 400, 0), (16, 16, 1), (160, 256, 14), (1080, 1920, 23)],
)
def test_the_pyramid_ends_at_fifteen_pixels(height, width, levels):
    assert num_levels(height, width) == levels


@pytest.mark.parametrize(
    "options",
    [{"num_orientations": 1}, {"num_orientations": 17}, {"shift_limit": 1.5}],
    ids=["one direction", "too many", "beyond π"],
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        phase.PhaseSettings(**options)
