"""The denoiser as a whole, at a size that takes milliseconds."""

from typing import Any

import pytest
import torch
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.models.unet import ToonUNet

SIZE: dict[str, Any] = {
    "base_channels": 16,
    "channel_mult": (1, 2),
    "num_res_blocks": 1,
    "attention_factors": (1,),
    "head_dim": 8,
    "context_dim": 12,
    "norm_groups": 4,
    "text_tokens": 3,
    "queries_per_frame": 2,
}
FRAMES = 4


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def filled(network: ToonUNet) -> ToonUNet:
    """With weights of a trained network's scale, none of them zero."""
    for index, parameter in enumerate(network.parameters()):
        values = noise(*parameter.shape, seed=index)
        fan_in = parameter.shape[1:].numel()
        parameter.data = values / fan_in**0.5 if parameter.ndim > 1 else 1 + 0.1 * values
    return network.eval()


@pytest.fixture(scope="module")
def unet() -> ToonUNet:
    return filled(ToonUNet(**SIZE))


def inputs(batch: int = 1, *, frames: int = FRAMES, tokens: int = 3 + 2 * FRAMES) -> dict[str, Any]:
    return {
        "sample": noise(batch, 8, frames, 4, 6),
        "timestep": torch.tensor([519, 30, 999])[:batch],
        "encoder_hidden_states": noise(batch, tokens, 12, seed=1),
        "motion_fps": torch.tensor([10, 30, 5])[:batch],
    }


@torch.inference_mode()
def test_clips_of_a_batch_do_not_influence_each_other(unet):
    batch = inputs(3)
    together = unet(**batch)
    for index in range(3):
        alone = unet(**{name: value[index : index + 1] for name, value in batch.items()})
        torch.testing.assert_close(together[index : index + 1], alone, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_saving_and_loading_keeps_the_outputs_and_the_configuration(unet, tmp_path):
    unet.save_pretrained(tmp_path)
    loaded = ToonUNet.from_pretrained(tmp_path)
    for (name, wanted), found in zip(
        unet.named_parameters(), loaded.state_dict().values(), strict=True
    ):
        assert torch.equal(found, wanted), name
    # equal but for rounding: weights mapped from a file lie at other addresses, which matrix products notice
    torch.testing.assert_close(loaded(**inputs()), unet(**inputs()), atol=1e-5, rtol=1e-5)
    assert {name: loaded.config[name] for name in SIZE} == {
        name: list(value) if isinstance(value, tuple) else value for name, value in SIZE.items()
    }
    again = ToonUNet.from_config(loaded.config)
    assert isinstance(again, ToonUNet)
    assert [*again.state_dict()] == [*unet.state_dict()]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.15), (torch.float16, 0.02)])
@torch.inference_mode()
def test_half_precision_is_close_to_full(unet, tmp_path, dtype, tolerance):
    unet.save_pretrained(tmp_path)
    half = ToonUNet.from_pretrained(tmp_path, torch_dtype=dtype)
    case = inputs()
    wanted = unet(**case)
    case["sample"] = case["sample"].to(dtype)
    case["encoder_hidden_states"] = case["encoder_hidden_states"].to(dtype)
    found = half(**case)
    assert found.dtype == dtype
    assert (found.float() - wanted).abs().max() < tolerance * wanted.abs().max()


@torch.inference_mode()
def test_an_untrained_network_predicts_nothing():
    assert not ToonUNet(**SIZE).eval()(**inputs()).any()


@torch.inference_mode()
def test_without_a_motion_rate_the_configured_one_is_used(unet):
    case = inputs()
    case["motion_fps"] = torch.tensor([24])
    wanted = unet(**case)
    case["motion_fps"] = None
    assert torch.equal(unet(**case), wanted)


@torch.inference_mode()
def test_the_motion_rate_matters(unet):
    case = inputs()
    slow = unet(**case)
    case["motion_fps"] = torch.tensor([30])
    assert not torch.allclose(unet(**case), slow)


@torch.inference_mode()
def test_any_other_number_of_image_tokens_is_shown_to_every_frame(unet):
    case = inputs(tokens=3 + 5)
    mean_free = unet(**case)
    order = [0, 1, 2, 7, 6, 5, 4, 3]
    case["encoder_hidden_states"] = case["encoder_hidden_states"][:, order]
    torch.testing.assert_close(unet(**case), mean_free, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_image_tokens_for_every_frame_are_in_frame_order(unet):
    case = inputs()
    before = unet(**case)
    case["encoder_hidden_states"] = case["encoder_hidden_states"][
        :, [0, 1, 2, 5, 6, 3, 4, *range(7, 11)]
    ]
    assert not torch.allclose(unet(**case), before, atol=1e-3)


@torch.inference_mode()
def test_with_temporal_branches_off_frames_are_independent():
    network = filled(ToonUNet(**SIZE))
    ends = ("conv4.weight", "conv4.bias", "proj_out.weight", "proj_out.bias")
    off = [name for name in network.temporal_parameter_names() if name.endswith(ends)]
    for name in off:
        network.get_parameter(name).data.zero_()
    case = inputs(tokens=3 + 5)
    before = network(**case)
    case["sample"] = case["sample"].clone()
    case["sample"][:, :, 0] += 1
    after = network(**case)
    torch.testing.assert_close(before[:, :, 1:], after[:, :, 1:], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(before[:, :, 0], after[:, :, 0])


@torch.inference_mode()
def test_frames_influence_each_other(unet):
    case = inputs()
    before = unet(**case)
    case["sample"] = case["sample"].clone()
    case["sample"][:, :, 0] += 1
    assert not torch.allclose(before[:, :, -1], unet(**case)[:, :, -1], atol=1e-3)


def skip_shapes(batch: int) -> list[tuple[int, int, int, int]]:
    n = batch * FRAMES
    return [(n, 16, 4, 6), (n, 16, 4, 6), (n, 16, 2, 3), (n, 32, 2, 3), (n, 32, 2, 3)]


@torch.inference_mode()
def test_sketch_residuals_of_zero_change_nothing(unet):
    zeros = tuple(torch.zeros(shape) for shape in skip_shapes(2))
    assert torch.equal(unet(**inputs(2), sketch_residuals=zeros), unet(**inputs(2)))


@pytest.mark.parametrize("index", range(5))
@torch.inference_mode()
def test_every_sketch_residual_is_used(unet, index):
    residuals = tuple(
        torch.full(shape, float(place == index)) for place, shape in enumerate(skip_shapes(1))
    )
    assert not torch.allclose(unet(**inputs(), sketch_residuals=residuals), unet(**inputs()))


@pytest.mark.parametrize("wrong", [skip_shapes(1)[:-1], skip_shapes(2), skip_shapes(1)[::-1]])
def test_sketch_residuals_that_do_not_fit_are_refused(unet, wrong):
    with pytest.raises(ShapeError, match="do not fit the network"):
        unet(**inputs(), sketch_residuals=tuple(torch.zeros(shape) for shape in wrong))


def test_gradient_checkpointing_keeps_the_gradients():
    plain, frugal = filled(ToonUNet(**SIZE)).train(), filled(ToonUNet(**SIZE)).train()
    frugal.enable_gradient_checkpointing()
    assert frugal.is_gradient_checkpointing
    for network in (plain, frugal):
        network(**inputs()).square().mean().backward()
    for (name, wanted), found in zip(plain.named_parameters(), frugal.parameters(), strict=True):
        torch.testing.assert_close(found.grad, wanted.grad, atol=1e-5, rtol=1e-4, msg=name)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sample", noise(1, 8, FRAMES, 4, 5), "multiples of 2 latent cells"),
        ("sample", noise(1, 4, FRAMES, 4, 6), "has 4 channels, the network reads 8"),
        ("encoder_hidden_states", noise(1, 11, 16), "16 wide, the network reads 12"),
        ("encoder_hidden_states", noise(1, 3, 12), "has 3 tokens"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(unet, name, value, message):
    with pytest.raises(ShapeError, match=message):
        unet(**(inputs() | {name: value}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head_dim": 12}, "head_dim 12 does not divide the 16"),
        ({"norm_groups": 12}, "norm_groups 12 does not divide the 16"),
    ],
)
def test_heads_and_groups_must_divide_the_channels(changes, message):
    with pytest.raises(InputError, match=message):
        ToonUNet(**(SIZE | changes))


@torch.inference_mode()
def test_other_depths_work_too():
    size = SIZE | {"channel_mult": (1, 3, 5), "attention_factors": (2, 4), "num_res_blocks": 2}
    network = filled(ToonUNet(**size))
    assert network.spatial_multiple == 4
    case = inputs() | {"sample": noise(1, 8, FRAMES, 4, 8)}
    assert network(**case).shape == (1, 4, FRAMES, 4, 8)
