"""The decoder starts as the image decoder it grows from, learns, and leaves the encoder alone."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.training.tiny_runs import NETWORKS, sliding_square
from toontween.errors import InputError
from toontween.models.discriminator import PatchDiscriminator
from toontween.models.dual_reference import DecoderVariant
from toontween.models.vae import AutoencoderKLDualReference
from toontween.training.batches import Batch, Sample, collate
from toontween.training.config import DecoderConfig, RunConfig
from toontween.training.draws import Draws, seed_layers
from toontween.training.losses import adaptive_weight, discriminator_loss
from toontween.training.objectives.build import build_objective
from toontween.training.objectives.decoder import DecoderObjective, last_layer

VARIANTS: tuple[DecoderVariant, ...] = ("full", "no-p3d", "no-har-no-p3d")


def image_autoencoder() -> AutoencoderKLDualReference:
    seed_layers(0, "vae")
    return AutoencoderKLDualReference(**{**NETWORKS.vae_size, "decoder_variant": "no-har-no-p3d"})


def squares(count: int = 2) -> Batch:
    clips = [sliding_square(index) for index in range(count)]
    return collate(
        [
            Sample(
                number=index,
                key=clip.key,
                frames=clip.frames,
                lines=None,
                caption="",
                motion_fps=24,
                damaged=(),
            )
            for index, clip in enumerate(clips)
        ]
    )


def objective(**fields: Any) -> DecoderObjective:
    config = DecoderConfig(
        reference_heads=2, reference_head_dim=8, discriminator_channels=16, **fields
    )
    made = DecoderObjective(image_autoencoder(), config)
    for network in made.networks.values():
        network.requires_grad_(requires_grad=False)
    for named in made.trained().values():
        for _, parameter in named:
            parameter.requires_grad = True
    return made


def descend(made: DecoderObjective, steps: int) -> list[float]:
    parameters = [p for named in made.trained().values() for _, p in named]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3)
    batch, found = squares(), []
    for step in range(steps):
        losses = made.losses(batch, Draws(0, batch.numbers), step=step)
        torch.stack(list(losses.by_group.values())).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(float(losses.logs["l1"]))
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_starts_as_the_image_decoder_and_learns(variant: DecoderVariant) -> None:
    batch = squares()
    plain = image_autoencoder()
    with torch.no_grad():
        frames = batch.frames.flatten(0, 1)
        wanted = plain.decode(plain.encode(frames).mean.unsqueeze(2)).squeeze(2)
    made = objective(variant=variant)
    drawn = made.sample(batch, Draws(0, batch.numbers))
    torch.testing.assert_close(
        drawn.flatten(0, 1), ((wanted + 1) / 2).clamp(0, 1), atol=1e-4, rtol=0
    )
    found = descend(made, 12)
    assert found[-1] < 0.8 * found[0]


def test_the_encoder_stays_and_everything_trained_has_a_gradient() -> None:
    made = objective(adversarial_weight=0.5)
    before = {n: p.clone() for n, p in made.vae.encoder.named_parameters()}
    batch = squares()
    descend(made, 1)  # what is zero at first lets gradients through afterwards
    losses = made.losses(batch, Draws(0, batch.numbers), step=1)
    torch.stack(list(losses.by_group.values())).sum().backward()
    assert all(p.grad is not None for named in made.trained().values() for _, p in named)
    after = dict(made.vae.encoder.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_generator_and_discriminator_do_not_pull_at_each_other() -> None:
    made = objective(adversarial_weight=0.5)
    batch = squares()
    losses = made.losses(batch, Draws(0, batch.numbers), step=0).by_group
    discriminator = [p for _, p in made.trained()["discriminator"]]
    decoder = [p for _, p in made.trained()["generator"]]
    crossed = torch.autograd.grad(
        losses["generator"], discriminator, retain_graph=True, allow_unused=True
    )
    assert all(gradient is None for gradient in crossed)
    crossed = torch.autograd.grad(
        losses["discriminator"], decoder, retain_graph=True, allow_unused=True
    )
    assert all(gradient is None for gradient in crossed)


def test_activations_computed_again_give_the_same_gradients() -> None:
    found = []
    for again in (False, True):
        made = objective(adversarial_weight=0.5)
        for parameter in (p for named in made.trained().values() for _, p in named):
            parameter.requires_grad = True
        if again:
            made.vae.enable_gradient_checkpointing()
        batch = squares()
        losses = made.losses(batch, Draws(0, batch.numbers), step=0)
        torch.stack(list(losses.by_group.values())).sum().backward()
        found.append(dict(made.trained()["generator"]))
    for name, plain in found[0].items():
        torch.testing.assert_close(found[1][name].grad, plain.grad, atol=1e-6, rtol=1e-3, msg=name)


def test_the_adversarial_term_waits_for_its_step() -> None:
    made = objective(adversarial_weight=0.5, adversarial_start=3)
    batch = squares()
    early = made.losses(batch, Draws(0, batch.numbers), step=2)
    late = made.losses(batch, Draws(0, batch.numbers), step=3)
    assert "adversarial" not in early.logs
    balance, fooled = late.logs["adaptive_weight"], late.logs["adversarial"]
    torch.testing.assert_close(late.by_group["generator"], late.logs["l1"] + 0.5 * balance * fooled)


def test_the_adaptive_weight_is_the_ratio_of_gradients() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    first, second = (3 * weight).sum(), (weight**2).sum()
    found = adaptive_weight(first, second, weight)
    # of lengths √18 and √20
    torch.testing.assert_close(found, torch.tensor(18**0.5 / (20**0.5 + 1e-4)))
    assert not found.requires_grad


def test_the_last_layer_is_that_over_time_where_there_is_one() -> None:
    full, plain = objective(variant="full"), objective(variant="no-p3d")
    assert full.vae.decoder.time_mix is not None
    assert last_layer(full.vae.decoder) is full.vae.decoder.time_mix.weight
    assert last_layer(plain.vae.decoder) is plain.vae.decoder.conv_out.weight


def test_a_new_autoencoder_is_given_its_latents_scale(tmp_path: Path) -> None:
    made = objective(train="autoencoder")
    found = descend(made, 12)
    assert found[-1] < found[0]
    batch = squares()
    power = float(made.measure(batch, Draws(0, batch.numbers))["latent_power"].mean())
    made.export(tmp_path, measures={"latent_power": power})
    again = AutoencoderKLDualReference.from_pretrained(str(tmp_path / "vae"))
    with torch.no_grad():
        latents = again.encode(batch.frames.flatten(0, 1)).mean * again.scaling_factor
    assert float(latents.square().mean()) == pytest.approx(1.0, rel=1e-4)


def test_measures_are_those_of_the_in_betweens() -> None:
    made = objective()
    batch = squares()
    found = made.measure(batch, Draws(0, batch.numbers))
    drawn = made.sample(batch, Draws(0, batch.numbers))[:, 1:-1]
    error = (drawn - (batch.frames[:, 1:-1] + 1) / 2).square().mean(dim=(2, 3, 4))
    torch.testing.assert_close(
        found["psnr"].float(), (-10 * torch.log10(error)).mean(dim=1), atol=1e-3, rtol=1e-4
    )
    assert found["ssim"].shape == (2,)


def test_a_decoder_of_another_variant_is_refused() -> None:
    grown = AutoencoderKLDualReference.from_image_decoder(
        image_autoencoder(), decoder_variant="no-p3d", reference_heads=2, reference_head_dim=8
    )
    with pytest.raises(InputError, match="variant 'no-p3d'"):
        DecoderObjective(grown, DecoderConfig(variant="full"))
    with pytest.raises(InputError, match="needs its weights"):
        objective(perceptual="squeezenet")
    run = RunConfig(name="run", objective=DecoderConfig(train="autoencoder"))
    with pytest.raises(InputError, match="held-out clips"):
        build_objective(run)


def test_the_discriminator_judges_patches_and_its_loss_is_the_hinge() -> None:
    judged = PatchDiscriminator(base_channels=16)(torch.zeros(2, 3, 32, 48))
    assert judged.shape == (2, 1, 2, 4)
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.0])
    torch.testing.assert_close(discriminator_loss(real, fake), torch.tensor(0.5 * (0.25 + 0.5)))


def test_noise_on_the_latents_is_for_training_alone() -> None:
    batch = squares()
    draws = Draws(0, batch.numbers)
    clean, noisy = objective(), objective(latent_noise=0.5)
    with torch.no_grad():
        losses = [float(made.losses(batch, draws, step=0).logs["l1"]) for made in (clean, noisy)]
        assert losses[0] != losses[1]
        assert clean.sample(batch, draws).equal(noisy.sample(batch, draws))


def test_noise_is_measured_by_scaled_latents_and_differs_from_sample_to_sample() -> None:
    batch = squares(4)
    draws = Draws(0, batch.numbers)
    clean, noisy = objective(), objective(latent_noise=0.5)
    latents = [made._latents(batch.frames, draws)[0] for made in (clean, noisy)]
    added = (latents[1] - latents[0]) * noisy.vae.scaling_factor
    spreads = added.flatten(1).std(dim=1)
    assert spreads.max() < 0.55
    assert spreads.max() - spreads.min() > 0.05


def matching_objective(**fields: Any) -> DecoderObjective:
    seed_layers(0, "vae")
    sizes = NETWORKS.vae_size | {
        "decoder_variant": "no-har-no-p3d",
        "linear_codec": True,
        "match_keys": True,
    }
    config = DecoderConfig(reference_heads=2, reference_head_dim=8, **fields)
    return DecoderObjective(AutoencoderKLDualReference(**sizes), config)


def test_several_sizes_are_trained_at_in_turn() -> None:
    batch = squares()
    draws = Draws(0, batch.numbers)
    made = matching_objective(enlarged=(2, 1))
    half, whole = (made.losses(batch, draws, step=step) for step in (0, 1))
    assert half.logs["l1"] > whole.logs["l1"]
    assert set(half.logs) == {"l1", "enlarged l1"}
    plain = matching_objective().losses(batch, draws, step=0)
    torch.testing.assert_close(whole.logs["l1"], plain.logs["l1"])


def test_what_is_enlarged_teaches_the_matching() -> None:
    batch = squares()
    made = matching_objective(enlarged=(2,))
    losses = made.losses(batch, Draws(0, batch.numbers), step=0)
    losses.by_group["generator"].backward()
    matching = made.vae.decoder.matching
    assert matching is not None
    assert matching.judgement.decide.weight.grad is not None
    assert matching.judgement.decide.weight.grad.abs().max() > 0
    torch.testing.assert_close(
        losses.by_group["generator"].detach(), losses.logs["l1"] + losses.logs["enlarged l1"]
    )


def test_decoders_without_matching_cannot_enlarge() -> None:
    with pytest.raises(InputError, match=r"objective\.enlarged"):
        objective(enlarged=(2,))


def test_clips_and_factors_that_cannot_be_enlarged_are_refused() -> None:
    with pytest.raises(InputError, match=r"enlarged=\(2, 0\)"):
        matching_objective(enlarged=(2, 0))
    batch = squares()
    ends = dataclasses.replace(batch, frames=batch.frames[:, [0, -1]])
    with pytest.raises(InputError, match="clips of 2 drawings"):
        matching_objective(enlarged=(2,)).losses(ends, Draws(0, batch.numbers), step=0)


def test_the_encoder_learns_with_the_decoder_of_clips_on_request() -> None:
    batch = squares()
    draws = Draws(0, batch.numbers)
    made = matching_objective(train="both")
    names = {
        name.rpartition("vae.")[2].partition(".")[0] for name, _ in made.trained()["generator"]
    }
    assert names == {"encoder", "decoder"}
    losses = made.losses(batch, draws, step=0)
    losses.by_group["generator"].backward()
    assert losses.logs["divergence"] > 0
    gradients = [p.grad for p in made.vae.encoder.parameters() if p.grad is not None]
    assert any(gradient.abs().max() > 0 for gradient in gradients)
    still = matching_objective()
    still.losses(batch, draws, step=0).by_group["generator"].backward()
    assert all(parameter.grad is None for parameter in still.vae.encoder.parameters())
