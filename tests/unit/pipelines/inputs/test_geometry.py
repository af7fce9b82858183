import numpy as np
import pytest
import torch
from PIL import Image

from toontween.errors import InputError
from toontween.pipelines.inputs.geometry import (
    as_command_line,
    as_web_page,
    front_end_of,
    plan_geometry,
)


@pytest.mark.parametrize("size", [(64, 128), (65, 100), (7, 500), (320, 512), (1, 1)])
def test_the_working_size_is_the_next_multiple_and_nothing_is_lost(size: tuple[int, int]):
    geometry = plan_geometry(size, multiple=64)
    pictures = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    inside = geometry.enter(pictures)
    assert inside.shape[-2:] == geometry.working_size
    assert all(
        side % 64 == 0 and side - own < 64
        for side, own in zip(geometry.working_size, size, strict=True)
    )
    assert torch.equal(geometry.leave(inside), pictures)


def test_edges_are_repeated_on_all_sides():
    geometry = plan_geometry((2, 2), multiple=6)
    picture = torch.tensor([[1.0, 0.2], [0.3, 0.4]])[None, None]
    inside = geometry.enter(picture)[0, 0]
    assert inside[0, 0] == 1.0
    assert inside[-1, -1] == 0.4
    assert torch.equal(inside[2:4, 2:4], picture[0, 0])


def test_a_border_of_its_own_value_can_be_asked_for():
    inside = plan_geometry((2, 2), multiple=4).pad(torch.ones(1, 1, 2, 2), border=0.0)
    assert inside.sum() == 4


def test_a_working_size_keeps_the_aspect_ratio():
    geometry = plan_geometry((100, 200), multiple=64, height=64, width=192)
    assert geometry.scaled == (64, 128)
    assert geometry.working_size == (64, 192)
    frames = geometry.leave(torch.full((1, 3, 64, 192), 0.25))
    assert frames.shape == (1, 3, 100, 200)
    assert torch.allclose(frames, torch.tensor(0.25), atol=1e-6)


def test_one_side_alone_decides_the_scale():
    assert plan_geometry((100, 200), multiple=64, width=128).scaled == (64, 128)
    assert plan_geometry((100, 200), multiple=64, height=320).scaled == (320, 640)


@pytest.mark.parametrize("height", [0, -64, 100_000])
def test_an_impossible_working_size_is_refused(height: int):
    with pytest.raises(InputError, match="height"):
        plan_geometry((10, 10), multiple=64, height=height)


def test_the_command_line_scales_in_eight_bits_and_crops_the_middle():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 90, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((45, 20), Image.Resampling.BILINEAR)
    wanted = np.asarray(image)[:, 6:38]
    picture = torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None]
    found = as_command_line(picture, (20, 32))[0].permute(1, 2, 0)
    np.testing.assert_array_equal((found * 255).round().numpy(), wanted)


def test_what_is_too_narrow_gets_black_bars_on_the_command_line_and_grey_ones_on_the_web_page():
    white = torch.ones(1, 3, 40, 40)
    assert as_command_line(white, (20, 32))[0, 0, 0].tolist() == [0.0] * 6 + [1.0] * 20 + [0.0] * 6
    assert as_web_page(white, (20, 32))[0, 0, 0].tolist() == [0.5] * 6 + [1.0] * 20 + [0.5] * 6


def test_the_web_page_does_not_smooth_what_it_shrinks():
    stripes = torch.zeros(1, 1, 8, 16)
    stripes[..., ::2] = 1
    assert as_web_page(stripes, (4, 8))[0, 0].unique().tolist() == [0.5]
    dotted = torch.zeros(1, 1, 12, 12)
    dotted[..., 1::3] = 1
    assert as_web_page(dotted, (4, 4))[0, 0].unique().tolist() == [1.0]


def test_an_unknown_front_end_is_refused():
    assert front_end_of("native") is None
    with pytest.raises(InputError, match="squash"):
        front_end_of("squash")
