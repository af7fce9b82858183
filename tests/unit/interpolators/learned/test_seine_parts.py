"""What SEINE's denoiser is shown, how it behaves at any size, and how its samplers step."""

import numpy as np
import pytest
import torch

from tests.tiny_seine import build_tiny_seine
from toontween.errors import InputError, ShapeError
from toontween.interpolators.learned.seine.conditioning import (
    encode_keys,
    encode_prompts,
    resize_keys,
    transition_mask,
)
from toontween.interpolators.learned.seine.network import SeineUNet
from toontween.interpolators.learned.seine.parts import SeineNetworks
from toontween.interpolators.learned.seine.schedule import RespacedSchedule, spread_timesteps

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def networks() -> SeineNetworks:
    return build_tiny_seine()


def test_the_mask_asks_for_all_frames_between_the_keys():
    mask = transition_mask(16, (2, 3), CPU)
    assert mask.shape == (1, 1, 16, 2, 3)
    assert mask[0, 0, :, 1, 1].tolist() == [0, *[1] * 14, 0]


def test_keys_are_squashed_to_the_working_size_with_nothing_cropped():
    halves = torch.zeros(2, 3, 8, 40)
    halves[..., 20:] = 1
    small = resize_keys(halves, (16, 10))
    assert small.shape == (2, 3, 16, 10)
    assert small[..., :5].eq(-1).all()
    assert small[..., 5:].eq(1).all()


@torch.inference_mode()
def test_given_frames_are_the_keys_and_all_others_grey(networks):
    keys = resize_keys(
        torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0)), (16, 24)
    )
    noise = torch.randn(1, 4, 5, 2, 3, generator=torch.Generator().manual_seed(1))
    latents = encode_keys(networks.vae, keys, noise)
    clip = torch.cat([keys[:1], torch.zeros(3, 3, 16, 24), keys[1:]])
    posterior = networks.vae.encode(clip).latent_dist
    wanted = 0.18215 * (posterior.mean + posterior.std * noise[0].transpose(0, 1))
    torch.testing.assert_close(latents[0].transpose(0, 1), wanted, rtol=1e-4, atol=1e-5)


def test_prompts_of_any_length_become_as_many_tokens(networks):
    with torch.inference_mode():
        text = encode_prompts(networks.text_encoder, networks.tokenizer, ["", "a cat", "cat " * 80])
    assert text.shape == (3, 77, 16)
    assert not torch.allclose(text[0], text[1])


def test_latents_of_odd_sizes_keep_their_size():
    network = SeineUNet(
        block_out_channels=(32, 32, 32),
        layers_per_block=1,
        num_heads=1,
        context_dim=8,
        norm_groups=8,
    )
    with torch.inference_mode():
        noise = network(torch.zeros(1, 9, 3, 5, 7), torch.tensor([4]), torch.zeros(1, 6, 8))
    assert noise.shape == (1, 4, 3, 5, 7)


def test_frames_know_their_order(networks):
    """Turned round in time, a clip is another clip: the prediction is not the same one turned round."""
    sample = torch.randn(1, 9, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    text, timestep = torch.zeros(1, 6, 16), torch.tensor([300])
    with torch.inference_mode():
        forwards = networks.unet(sample, timestep, text)
        backwards = networks.unet(sample.flip(2), timestep, text).flip(2)
    assert not torch.allclose(forwards, backwards, atol=1e-3)


@pytest.mark.parametrize(
    ("sample", "text", "named"),
    [((1, 8, 3, 2, 2), (1, 6, 16), "8 channels"), ((1, 9, 3, 2, 2), (1, 6, 17), "17 wide")],
)
def test_what_the_denoiser_cannot_read_is_refused(networks, sample, text, named):
    with pytest.raises(ShapeError, match=named):
        networks.unet(torch.zeros(sample), torch.tensor([1]), torch.zeros(text))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_heads": 3}, "num_heads 3"),
        ({"norm_groups": 7}, "norm_groups 7"),
        ({"num_heads": 2}, "leave 16 for each"),
    ],
)
def test_a_denoiser_that_cannot_be_built_is_refused(changes, named):
    sizes = {"block_out_channels": (32,), "num_heads": 1, "norm_groups": 8, **changes}
    with pytest.raises(InputError, match=named):
        SeineUNet(**sizes)


@pytest.mark.parametrize("steps", [2, 3, 35, 50, 999, 1000])
def test_a_run_goes_from_the_noisiest_to_the_cleanest_timestep(steps):
    timesteps = spread_timesteps(steps)
    assert len(timesteps) == steps
    assert (timesteps[0], timesteps[-1]) == (0, 999)
    assert (np.diff(timesteps) > 0).all()


@pytest.mark.parametrize("steps", [1, 0, 1001])
def test_runs_that_cannot_be_are_refused(steps):
    with pytest.raises(InputError, match=str(steps)):
        RespacedSchedule.for_steps(steps)


@pytest.mark.parametrize("index", [0, 3])
def test_ddim_leads_a_clip_whose_noise_is_known_along_that_noise(index):
    schedule = RespacedSchedule.for_steps(5)
    clean, noise = torch.randn(2, 1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))

    def noisy(alpha: float) -> torch.Tensor:
        return clean * alpha**0.5 + noise * (1 - alpha) ** 0.5

    moved = schedule.ddim_step(index, noisy(float(schedule.alphas_cumprod[index])), noise)
    wanted = noisy(float(schedule.alphas_cumprod_prev[index]))
    torch.testing.assert_close(moved, wanted, rtol=1e-4, atol=1e-4)


def test_ddpm_adds_no_noise_in_its_last_step():
    schedule = RespacedSchedule.for_steps(5)
    sample, noise, fresh = torch.randn(3, 1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    last = schedule.ddpm_step(0, sample, noise, fresh)
    assert torch.equal(last, schedule.ddpm_step(0, sample, noise, torch.zeros_like(fresh)))
    first = schedule.ddpm_step(4, sample, noise, fresh)
    without = schedule.ddpm_step(4, sample, noise, torch.zeros_like(fresh))
    deviation = float(np.sqrt(schedule.betas[4]))
    torch.testing.assert_close(first - without, fresh * deviation, rtol=1e-3, atol=1e-4)
