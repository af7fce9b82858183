"""Sets of clips of which no distance can be told, and the clip that is at fault."""

import pytest
import torch

from tests.unit.metrics.small_i3d import SmallI3D, clips
from toontween.errors import InputError, ShapeError, UnknownNameError
from toontween.metrics.video.features import I3DFeatures
from toontween.metrics.video.fvd import FrechetVideoDistance
from toontween.metrics.video.kvd import KernelVideoDistance


@pytest.fixture
def features() -> I3DFeatures:
    return I3DFeatures(SmallI3D(), batch_size=2)


@pytest.fixture(params=[FrechetVideoDistance, KernelVideoDistance])
def distance(request, features):
    return request.param(features)


def test_one_clip_is_no_set(distance):
    distance.update(clips(1), clips(1))
    with pytest.raises(InputError, match="covariance"):
        distance.compute()


def test_sets_that_differ_in_number_are_refused_by_the_clip_without_a_partner(distance):
    distance.update(clips(4), clips(3))
    with pytest.raises(InputError, match="4 clips of ours, 3 of truth: clip 3 of ours"):
        distance.compute()


def test_sets_that_differ_in_number_can_be_asked_for(features):
    measure = KernelVideoDistance(features, allow_unequal=True)
    measure.update(clips(4), clips(3))
    measure.compute()
    assert measure.protocol.settings["clips"] == "4 of ours, 3 of truth"


def test_a_frame_that_is_not_finite_is_refused_by_clip_and_frame(distance):
    spoilt = clips(3)
    spoilt[2, 5, 0, 3, 3] = float("nan")
    distance.update(clips(4))
    with pytest.raises(InputError, match=r"frame 5 of clip 6 of ours .* not finite"):
        distance.update(ours=spoilt)


def test_a_clip_in_the_wrong_range_is_refused(distance):
    with pytest.raises(InputError, match=r"clip 0 of truth .* from -1 to 1.* 0…1"):
        distance.update(truth=(clips(2) > 0.5).float() * 2 - 1)


def test_a_clip_that_is_too_short_is_refused_by_its_number(distance):
    short = [clips(1)[0], clips(1, size=(8, 12, 16))[0]]
    with pytest.raises(ShapeError, match="clip 1 of ours has 8 frames; I3D needs 9"):
        distance.update(ours=short)


@pytest.mark.parametrize("size", [(10, 12, 16), (9, 16, 12)])
def test_a_clip_of_another_shape_is_refused_by_its_number(distance, size):
    distance.update(ours=clips(2))
    with pytest.raises(ShapeError, match="clip 0 of truth has"):
        distance.update(truth=clips(1, size=size))
    with pytest.raises(ShapeError, match="clip 3 of ours has"):
        distance.update(ours=[clips(1)[0], clips(1, size=size)[0]])


def test_what_was_refused_is_not_counted(distance):
    distance.update(clips(2), clips(2))
    with pytest.raises(ShapeError):
        distance.update(ours=[clips(1)[0], clips(1, size=(8, 12, 16))[0]])
    assert distance.protocol.settings["clips"] == 2


def test_grey_clips_are_refused(distance):
    with pytest.raises(ShapeError, match="1 channels"):
        distance.update(ours=clips(2)[:, :, :1])


def test_features_of_another_network_are_refused(distance):
    with pytest.raises(ShapeError, match="features of 400"):
        distance.update(ours=torch.zeros(3, 400))


def test_a_network_that_gives_no_numbers_is_refused():
    broken = SmallI3D()
    broken.load_state_dict({n: t * float("nan") for n, t in broken.state_dict().items()})
    with pytest.raises(InputError, match="logits that are not finite"):
        I3DFeatures(broken).extract(clips(1))


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'fvd'.*lvdm, stylegan-v, tf-hub, cd-fvd"):
        I3DFeatures(SmallI3D(), "fvd")


def test_a_batch_of_no_clips_is_refused():
    with pytest.raises(InputError, match="batch_size=0"):
        I3DFeatures(SmallI3D(), batch_size=0)
