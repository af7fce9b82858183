import pytest
import torch

from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import InputError

FIELDS = (
    "sqrt_alpha",
    "sqrt_one_minus_alpha",
    "sqrt_alpha_prev",
    "direction",
    "sigma",
    "rescale",
)


@pytest.mark.parametrize("steps", [*range(1, 61), 100, 333, 999, 1000])
def test_every_number_of_steps_has_finite_numbers_and_falling_timesteps(steps: int):
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.tolist()
    assert len(timesteps) == steps
    assert timesteps[0] == 999
    assert timesteps == sorted(set(timesteps), reverse=True)
    for timestep in (timesteps[0], timesteps[-1]):
        numbers = scheduler.coefficients(timestep, eta=1.0)
        assert all(torch.isfinite(getattr(numbers, name)) for name in FIELDS)


@pytest.mark.parametrize("steps", [7, 11, 14, 15, 20, 25, 33, 34, 35, 37, 38, 39])
def test_the_step_counts_that_once_spoilt_a_run_do_not(steps: int):
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(steps)
    x = torch.ones(1, 2, 3)
    moved, _ = scheduler.step(x, 999, x, eta=1.0, variance_noise=x, return_dict=False)
    assert moved.isfinite().all()


def test_the_signal_ends_at_exactly_zero():
    scheduler = ToonDDIMScheduler()
    assert scheduler.alphas_cumprod[999] == 0
    assert scheduler.final_alpha_cumprod == scheduler.alphas_cumprod[0]


def test_noise_is_added_at_the_last_step_too():
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(50)
    x, noise = torch.zeros(1, 2, 3), torch.ones(1, 2, 3)
    moved, _ = scheduler.step(x, 19, x, eta=1.0, variance_noise=noise, return_dict=False)
    assert torch.allclose(moved, torch.tensor(0.0285072528))


def test_a_step_undoes_the_noise_of_a_perfect_prediction():
    scheduler = ToonDDIMScheduler(final_scale=1.0)
    scheduler.set_timesteps(4)
    generator = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 1, 4, 5, generator=generator)
    at, to = torch.tensor([749]), torch.tensor([499])
    velocity = scheduler.get_velocity(clean, noise, at)
    noisy = scheduler.add_noise(clean, noise, at)
    moved, start = scheduler.step(velocity, 749, noisy, eta=0.0, return_dict=False)
    assert torch.allclose(start, clean, atol=1e-5)
    assert torch.allclose(moved, scheduler.add_noise(clean, noise, to), atol=1e-5)


def test_drawn_noise_comes_from_the_generator():
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(2)
    x = torch.zeros(1, 2, 3)
    results = [
        scheduler.step(
            x, 999, x, eta=1.0, generator=torch.Generator().manual_seed(3), return_dict=False
        )[0]
        for _ in range(2)
    ]
    assert torch.equal(*results)
    assert results[0].std() > 0


def test_the_dynamic_rescale_falls_to_its_end():
    scheduler = ToonDDIMScheduler()
    like = torch.zeros(3, 1, 1)
    scales = scheduler.scale_of(torch.tensor([0, 399, 999]), like).flatten()
    assert torch.allclose(scales, torch.tensor([1.0, 0.7, 0.7]))


def test_a_saved_scheduler_is_the_same(tmp_path):
    ToonDDIMScheduler(final_scale=0.8).save_pretrained(tmp_path)
    loaded = ToonDDIMScheduler.from_pretrained(tmp_path)
    assert isinstance(loaded, ToonDDIMScheduler)
    assert loaded.config["final_scale"] == 0.8
    assert torch.equal(loaded.scales, ToonDDIMScheduler(final_scale=0.8).scales)


@pytest.mark.parametrize("steps", [0, -3, 1001])
def test_an_impossible_number_of_steps_is_refused(steps: int):
    with pytest.raises(InputError, match=str(steps)):
        ToonDDIMScheduler().set_timesteps(steps)


def test_a_foreign_timestep_and_clipping_are_refused():
    scheduler = ToonDDIMScheduler()
    scheduler.set_timesteps(2)
    x = torch.zeros(1, 2)
    with pytest.raises(InputError, match="timestep 5"):
        scheduler.step(x, 5, x)
    with pytest.raises(InputError, match="clip"):
        scheduler.step(x, 999, x, use_clipped_model_output=True)
