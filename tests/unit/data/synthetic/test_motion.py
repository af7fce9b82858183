"""Timing."""

import numpy as np
import pytest

from toontween.data.synthetic.curves import points
from toontween.data.synthetic.motion import bump, dragged, ease, track


def test_an_ease_starts_and_ends_slowly_and_stays_put_outside():
    assert [ease(time) for time in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert ease(0.1) < 0.02
    assert ease(0.9) > 0.98


def test_a_bump_is_one_at_its_centre_and_nothing_beyond_its_width():
    assert bump(0.5, centre=0.5, width=0.4) == 1.0
    assert bump(0.29, centre=0.5, width=0.4) == 0.0


def test_a_track_hits_its_poses_and_never_overshoots():
    value = track((0.0, 10.0), (0.3, 8.0), (0.8, 50.0), (1.0, 50.0))
    assert [value(time) for time in (0.0, 0.3, 0.8, 1.0)] == pytest.approx([10, 8, 50, 50])
    values = [value(time) for time in np.linspace(-0.5, 1.5, 401)]
    assert min(values) == pytest.approx(8.0)
    assert max(values) == pytest.approx(50.0)


def test_what_drags_hangs_straight_when_nothing_moves_and_trails_when_it_does():
    down = track((0.0, 90.0), (1.0, 90.0))
    still = dragged(lambda _: points((5, 5)), 0.5, rest_deg=down, lengths=(10.0, 10.0))
    np.testing.assert_allclose(still, [[5, 5], [5, 15], [5, 25]], atol=1e-9)
    moving = dragged(lambda t: points((500 * t, 5)), 0.5, rest_deg=down, lengths=(10.0, 10.0))
    assert moving[2, 0] < moving[1, 0] < moving[0, 0]
