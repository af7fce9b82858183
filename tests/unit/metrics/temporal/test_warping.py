"""Golden values with the true flow, which is known: a window moving over a larger drawing."""

import pytest
import torch

from tests.unit.metrics.toon_frames import toon_clip, toon_frame
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import to_frames
from toontween.metrics.temporal.flow import consistent, estimate_flows, flow_to_next, warp
from toontween.metrics.temporal.warping import warping_error

BIG = toon_frame(height=160, width=256)
WINDOWS = to_frames([BIG[16:144, 24:216], BIG[14:142, 19:211]])


def moved(right: float, down: float) -> float:
    """The error with one flow everywhere, all pixels counted that it leaves inside."""
    flow = torch.tensor([float(right), float(down)]).view(1, 2, 1, 1).expand(1, 2, 128, 192)
    return warping_error(WINDOWS, flow, torch.ones(1, 128, 192, dtype=torch.bool))


def test_the_true_flow_leaves_no_error():
    assert moved(5, 2) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("flow", "golden"),
    [((0, 0), 0.039647353682077405), ((5.5, 1.5), 0.0043524791516000435)],
    ids=["no flow", "half a pixel off"],
)
def test_wrong_flow_leaves_the_golden_error(flow, golden):
    assert moved(*flow) == pytest.approx(golden, rel=1e-6)


def test_hidden_pixels_do_not_count():
    clip = WINDOWS.clone()
    clip[1, :, :, :40] = 0  # something covers the left of the second frame
    flow = torch.tensor([5.0, 2.0]).view(1, 2, 1, 1).expand(1, 2, 128, 192)
    visible = torch.ones(1, 128, 192, dtype=torch.bool)
    assert warping_error(clip, flow, visible) > 0.01
    visible[:, :, :40] = False
    assert warping_error(clip, flow, visible) == pytest.approx(0, abs=1e-12)


def test_every_step_counts_as_much():
    clip = WINDOWS[[0, 1, 1]]
    flow = torch.zeros(2, 2, 128, 192)
    visible = torch.ones(2, 128, 192, dtype=torch.bool)
    visible[1, 1:] = False
    assert warping_error(clip, flow, visible) == pytest.approx(0.039647353682077405 / 2, rel=1e-6)


def test_the_estimated_flow_finds_most_of_the_motion():
    flows = estimate_flows(WINDOWS)
    along = warping_error(WINDOWS, flows.forward, flows.visible)
    assert along < 0.1 * moved(0, 0)
    assert 0.3 < float(flows.visible.double().mean()) < 1


def test_flow_points_from_a_frame_to_the_next():
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    picture = torch.nn.functional.interpolate(noise, size=(128, 128), mode="bicubic").clamp(0, 1)
    clip = torch.cat([picture, picture.roll((2, 3), (2, 3))])
    middle = flow_to_next(clip)[0, :, 32:96, 32:96].flatten(1).median(dim=1).values
    assert middle.tolist() == pytest.approx([3, 2], abs=0.3)


def test_a_still_clip_has_no_flow_and_no_error():
    still = to_frames(list(toon_clip(1, 64, 64))).expand(3, -1, -1, -1)
    flows = estimate_flows(still)
    assert float(flows.forward.abs().max()) < 0.1
    assert warping_error(still, flows.forward, flows.visible) < 1e-6


def test_a_pixel_is_visible_where_the_flow_back_agrees():
    forward = torch.zeros(1, 2, 8, 8)
    forward[:, 0] = 2.0
    back = -forward.clone()
    back[:, 0, :, 4:] = 3.0
    visible = consistent(forward, back)[0]
    assert visible[:, 0].all()  # lands on column 2, where the flow leads back
    assert not visible[:, 2:].any()  # lands on a flow that leads elsewhere, or outside


def test_values_are_fetched_from_where_the_flow_points():
    values = torch.arange(4.0).view(1, 1, 1, 4)
    flow = torch.zeros(1, 2, 1, 4)
    flow[0, 0, 0] = torch.tensor([0.5, 1, 0, 1])
    fetched, inside = warp(values, flow)
    assert fetched.flatten().tolist() == pytest.approx([0.5, 2, 2, 3])
    assert inside.flatten().tolist() == [True, True, True, False]


def test_a_clip_in_which_nothing_can_be_matched_is_trusted_everywhere():
    static = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    assert consistent(*(torch.full((1, 2, 32, 32), 4.0),) * 2).any().item() is False
    flows = estimate_flows(static)
    assert warping_error(static, flows.forward, flows.visible) > 0.01


def test_a_step_without_visible_pixels_is_named():
    flow, visible = torch.zeros(2, 2, 128, 192), torch.ones(2, 128, 192, dtype=torch.bool)
    visible[1] = False
    with pytest.raises(InputError, match="from frame 1 to frame 2"):
        warping_error(WINDOWS[[0, 1, 0]], flow, visible)


def test_flow_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="1 steps of 192×128"):
        warping_error(
            WINDOWS, torch.zeros(1, 2, 128, 191), torch.ones(1, 128, 191, dtype=torch.bool)
        )
