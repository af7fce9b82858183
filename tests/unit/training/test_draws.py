"""What is drawn belongs to a sample, whatever batch it is in."""

import torch

from toontween.training.draws import Draws, seed_of


def test_a_sample_draws_the_same_in_any_batch() -> None:
    together, alone = Draws(3, [4, 5, 6]), Draws(3, [5])
    assert torch.equal(together.normal((2, 3), "noise")[1:2], alone.normal((2, 3), "noise"))
    assert together.uniform("dropout")[1] == alone.uniform("dropout")[0]
    assert together.integers(1000, "timestep")[1] == alone.integers(1000, "timestep")[0]
    assert together.rng(1, "sketches").random() == alone.rng(0, "sketches").random()


def test_other_seeds_numbers_and_names_draw_otherwise() -> None:
    drawn = [
        float(Draws(seed, [number]).uniform(name))
        for seed in (0, 1)
        for number in (0, 1)
        for name in ("a", "b")
    ]
    assert len(set(drawn)) == 8


def test_numbers_are_spread_evenly() -> None:
    drawn = Draws(0, range(2000)).uniform("dropout")
    assert abs(float(drawn.mean()) - 0.5) < 0.03
    steps = Draws(0, range(2000)).integers(4, "timestep")
    assert torch.bincount(steps, minlength=4).min() > 430


def test_seeds_fit_every_generator() -> None:
    seeds = [seed_of(0, number, "x") for number in range(1000)]
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
