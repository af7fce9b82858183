"""The schedule and the sampler against numbers measured on the published implementation.

`data/schedule.npz`: schedule buffers and the arrays of DDIM for 4, 7, 10, 25 and 50 steps with η = 1.
`data/clip_and_sampler.json`: whole runs of the sampler with a formula in the network's place.
"""

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.parity.goldens import DATA, assert_matches_record
from tests.parity.rule import inp
from toontween.diffusion.guidance import Guidance
from toontween.diffusion.samplers import ToonDDIMScheduler

ARRAYS = np.load(DATA / "schedule.npz")
RECORDS = json.loads((DATA / "clip_and_sampler.json").read_text())
STEPS = (4, 7, 10, 25, 50)
SHAPE = (1, 4, 16, 4, 8)


def test_the_schedule_is_the_published_one_bit_for_bit():
    scheduler = ToonDDIMScheduler()
    np.testing.assert_array_equal(scheduler.alphas_cumprod, ARRAYS["schedule_alphas_cumprod"])
    np.testing.assert_array_equal(scheduler.scales, ARRAYS["schedule_scale_arr"][:1000])


@pytest.mark.parametrize("steps", STEPS)
def test_the_timesteps_are_the_published_ones(steps: int):
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(steps)
    np.testing.assert_array_equal(scheduler.timesteps.flip(0), ARRAYS[f"ddim_timesteps_{steps}"])


@pytest.mark.parametrize("steps", STEPS)
def test_the_numbers_of_every_step_are_the_published_ones(steps: int):
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(steps)
    found = [scheduler.coefficients(t, eta=1.0) for t in scheduler.timesteps.flip(0).tolist()]
    scales = ARRAYS[f"ddim_scale_{steps}"]
    wanted = {
        "sigma": ARRAYS[f"ddim_sigmas_{steps}"],
        "sqrt_alpha": np.sqrt(ARRAYS[f"ddim_alphas_{steps}"]),
        "sqrt_alpha_prev": np.sqrt(ARRAYS[f"ddim_alphas_prev_{steps}"]),
        "rescale": np.concatenate([scales[:1], scales[:-1]]) / scales,
    }
    for name, values in wanted.items():
        numbers = [float(getattr(step, name)) for step in found]
        np.testing.assert_allclose(numbers, values, atol=2e-7, rtol=0, err_msg=name)


def stand_in(x: Tensor, timestep: int, strength: float) -> Tensor:
    """The formula that took the network's place when the runs were measured."""
    return 0.3 * x * strength + 0.1 * torch.sin(3 * x) + 0.001 * timestep / 1000


@pytest.mark.parametrize(
    ("steps", "eta", "rescale", "scale"),
    [(50, 1.0, 0.7, 7.5), (10, 1.0, 0.7, 7.5), (50, 0.0, 0.0, 1.0)],
)
def test_whole_runs_end_where_the_published_sampler_ends(
    steps: int, eta: float, rescale: float, scale: float
):
    guidance = Guidance(scale=scale, rescale=rescale)
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(steps)
    x = inp(7, *SHAPE)
    for index, t in enumerate(scheduler.timesteps.tolist()):
        strengths = (1.0, 0.5)[: guidance.num_predictions]
        velocity = guidance.combine([stand_in(x, t, strength) for strength in strengths])
        noise = inp(1001 + index, *SHAPE)
        x, _ = scheduler.step(velocity, t, x, eta=eta, variance_noise=noise, return_dict=False)
    assert_matches_record(x, RECORDS[f"ddim_S{steps}_eta{eta}_gr{rescale}_cfg{scale}"])
