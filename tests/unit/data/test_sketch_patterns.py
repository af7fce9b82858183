"""Which frames keep their sketch in training."""

from collections import Counter

import numpy as np
import pytest

from toontween.data.sketch_patterns import (
    BISECTION_SHARE,
    MAX_DEPTH,
    bisection_pattern,
    random_pattern,
    sketch_pattern,
)
from toontween.errors import InputError


@pytest.mark.parametrize(
    ("depth", "frames"),
    [(1, {8}), (2, {4, 8, 12}), (3, set(range(2, 15, 2))), (4, set(range(1, 16)))],
)
def test_bisections_of_sixteen_frames_are_the_published_ones(depth, frames):
    assert set(bisection_pattern(16, depth=depth)) == {frame - 1 for frame in frames}


@pytest.mark.parametrize("num_frames", [1, 2, 3, 7, 16, 23, 61])
def test_patterns_are_increasing_indices_within_the_clip(num_frames):
    rng = np.random.default_rng(0)
    patterns = [bisection_pattern(num_frames, depth=depth) for depth in (1, 2, 3, 4, 9)]
    patterns += [random_pattern(num_frames, rng) for _ in range(50)]
    for pattern in patterns:
        assert pattern
        assert list(pattern) == sorted(set(pattern))
        assert set(pattern) <= set(range(num_frames))


@pytest.mark.parametrize("num_frames", [2, 16, 23])
def test_a_deeper_bisection_keeps_what_the_shallower_chose(num_frames):
    for depth in range(1, 6):
        shallow = bisection_pattern(num_frames, depth=depth)
        assert set(shallow) <= set(bisection_pattern(num_frames, depth=depth + 1))


def test_absurd_depths_end_quickly_and_choose_all_but_the_last():
    assert bisection_pattern(16, depth=10**9) == tuple(range(15))


def test_equal_seeds_give_equal_patterns_and_others_differ():
    def draw(seed):
        rng = np.random.default_rng(seed)
        return [sketch_pattern(16, rng) for _ in range(20)]

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_four_patterns_in_five_are_bisections_of_every_depth_alike():
    rng = np.random.default_rng(5)
    drawn = Counter(sketch_pattern(16, rng) for _ in range(4000))
    halvings = [bisection_pattern(16, depth=depth) for depth in range(1, MAX_DEPTH + 1)]
    # a random subset equals a bisection in less than one case in a hundred
    shares = [drawn[pattern] / 4000 for pattern in halvings]
    assert sum(shares) == pytest.approx(BISECTION_SHARE, abs=0.03)
    assert shares == pytest.approx([BISECTION_SHARE / MAX_DEPTH] * MAX_DEPTH, abs=0.03)


def test_random_subsets_have_every_size_and_reach_every_frame():
    rng = np.random.default_rng(6)
    patterns = [random_pattern(8, rng) for _ in range(2000)]
    sizes = Counter(len(pattern) for pattern in patterns)
    assert set(sizes) == set(range(1, 9))
    assert min(sizes.values()) > 2000 / 8 * 0.7
    reached = Counter(frame for pattern in patterns for frame in pattern)
    assert set(reached) == set(range(8))


def test_clips_without_frames_and_depths_below_one_are_refused():
    with pytest.raises(InputError, match="0 frames"):
        sketch_pattern(0, np.random.default_rng(0))
    with pytest.raises(InputError, match="depth 0"):
        bisection_pattern(16, depth=0)
