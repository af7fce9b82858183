"""What the denoiser is told and asked, number by number."""

import torch

from tests.unit.training.objectives.test_decoder import squares
from tests.unit.training.tiny_runs import NETWORKS
from toontween.training.draws import Draws
from toontween.training.networks import build_networks
from toontween.training.objectives import conditioning
from toontween.training.objectives.conditioning import (
    Noised,
    context_of,
    encode_clip,
    key_latents,
    noised,
    velocity_loss,
)


def told(
    *, conditioning: str = "interpolation", at: int = 300, weighting: str = "uniform"
) -> Noised:
    batch = squares()
    with torch.no_grad():
        return noised(
            build_networks(NETWORKS, seed=0),
            batch,
            Draws(0, batch.numbers),
            conditioning=conditioning,
            dropout=0.0,
            loss_weighting=weighting,
            timesteps=torch.full((2,), at),
        )


def test_the_target_is_the_velocity_of_scaled_latents() -> None:
    networks, batch = build_networks(NETWORKS, seed=0), squares()
    draws = Draws(0, batch.numbers)
    latents = encode_clip(networks.vae, batch, draws)
    noise = draws.normal(latents.shape[1:], "noise")
    found = told(at=300)
    alpha = networks.scheduler.alphas_cumprod[300]
    # the dynamic rescale falls from 1 to 0.7 over the first 400 timesteps
    scaled = latents * (1 - 0.3 * 300 / 399)
    torch.testing.assert_close(found.noisy, alpha.sqrt() * scaled + (1 - alpha).sqrt() * noise)
    torch.testing.assert_close(found.velocity, alpha.sqrt() * noise - (1 - alpha).sqrt() * scaled)


def test_at_the_last_timestep_nothing_of_the_clip_is_left() -> None:
    found = told(at=999)
    batch = squares()
    noise = Draws(0, batch.numbers).normal(found.noisy.shape[1:], "noise")
    assert torch.equal(found.noisy, noise)


def test_keys_stand_at_both_ends_or_everywhere() -> None:
    clip = torch.arange(5.0).view(1, 1, 5, 1, 1)
    between = key_latents(clip, conditioning="interpolation")
    assert between.flatten().tolist() == [0, 0, 0, 0, 4]
    clip = clip + 1
    between = key_latents(clip, conditioning="interpolation")
    assert between.flatten().tolist() == [1, 0, 0, 0, 5]
    onward = key_latents(clip, conditioning="image-to-video")
    assert onward.flatten().tolist() == [1] * 5


def test_a_dropped_picture_is_mid_grey() -> None:
    networks, batch = build_networks(NETWORKS, seed=0), squares()
    grey = squares()
    grey.frames.zero_()
    no, yes = torch.tensor([False, False]), torch.tensor([True, False])
    with torch.no_grad():
        dropped = context_of(networks, batch, drop_text=no, drop_image=yes)
        kept = context_of(networks, batch, drop_text=no, drop_image=no)
        empty = context_of(networks, grey, drop_text=no, drop_image=no)
    torch.testing.assert_close(dropped[0], empty[0])
    torch.testing.assert_close(dropped[1], kept[1])
    assert not torch.allclose(kept[0], empty[0])


def test_text_picture_and_both_are_dropped_equally_often() -> None:
    seen: list[tuple[bool, bool]] = []

    def note(
        _: object, batch: object, *, drop_text: torch.Tensor, drop_image: torch.Tensor
    ) -> torch.Tensor:
        del batch
        seen.extend(zip(drop_text.tolist(), drop_image.tolist(), strict=True))
        return torch.zeros(len(drop_text), 1, 1)

    networks, batch = build_networks(NETWORKS, seed=0), squares()
    real, conditioning.context_of = conditioning.context_of, note
    try:
        for number in range(400):
            noised(
                networks,
                batch,
                Draws(0, [2 * number, 2 * number + 1]),
                conditioning="interpolation",
                dropout=0.2,
                loss_weighting="uniform",
            )
    finally:
        conditioning.context_of = real
    for kind in ((True, False), (True, True), (False, True)):
        assert abs(seen.count(kind) / len(seen) - 0.2) < 0.045, kind


def test_min_snr_lowers_the_weight_of_nearly_clean_and_of_noisy_clips() -> None:
    alphas = build_networks(NETWORKS, seed=0).scheduler.alphas_cumprod
    for at in (10, 500, 900):
        ratio = float(alphas[at] / (1 - alphas[at]))
        weight = told(at=at, weighting="min-snr").weight
        torch.testing.assert_close(weight, torch.full((2,), min(ratio, 5.0) / (ratio + 1)))


def test_the_loss_is_the_weighted_mean_of_squared_errors() -> None:
    found = told()
    loss, errors = velocity_loss(found.velocity + 2.0, found)
    torch.testing.assert_close(errors, torch.full((2,), 4.0))
    torch.testing.assert_close(loss, torch.tensor(4.0))
