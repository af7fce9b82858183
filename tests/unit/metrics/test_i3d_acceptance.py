"""The published test with black and white clips; the released weights are needed to pass it, so here it has to fail."""

import json
from pathlib import Path

import pytest
import torch

from tests.unit.metrics.seeded_i3d import seeded_i3d
from toontween.errors import InputError
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.video.acceptance import TOLERANCE, ZEROS_AND_ONES, Acceptance, accept
from toontween.metrics.video.identity import GIT_BLOBS

PUBLISHED = json.loads((Path(__file__).parent / "data" / "i3d_published.json").read_text())


def test_the_list_by_length_is_the_published_one():
    assert dict(zip(range(10, 31), PUBLISHED["fvd_by_clip_length_10_to_30"], strict=True)) == (
        ZEROS_AND_ONES
    )
    assert ZEROS_AND_ONES[30] == pytest.approx(PUBLISHED["fvd_styleganv_torchscript"], abs=1e-3)
    assert ZEROS_AND_ONES[30] == pytest.approx(PUBLISHED["fvd_tensorflow_hub"], abs=TOLERANCE)


def test_published_files_are_known_by_their_blobs():
    assert set(GIT_BLOBS) == set(PUBLISHED["git_blob_sha1_of_weight_files"].values())


def test_weights_that_are_not_the_published_ones_do_not_pass():
    (row,) = accept(seeded_i3d(), (10,))
    assert not row.passed
    assert (row.frames, row.published) == (10, ZEROS_AND_ONES[10])


@pytest.mark.slow
def test_the_distance_is_the_frechet_distance_of_sets_of_equal_clips():
    network = seeded_i3d()
    with torch.inference_mode():
        ends = [network(torch.full((1, 3, 10, 224, 224), value)) for value in (-1.0, 1.0)]
    expected = frechet_distance(ends[0].expand(8, -1), ends[1].expand(8, -1))
    assert accept(network, (10,))[0].found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("found", "passed"), [(151.3, True), (152.2, True), (152.3, False)])
def test_a_distance_passes_within_the_published_tolerance(found, passed):
    assert Acceptance(frames=30, found=found, published=151.2565).passed is passed


def test_a_length_of_which_nothing_is_published_is_refused():
    with pytest.raises(InputError, match="9 frames"):
        accept(seeded_i3d(), (9,))
