"""The autoencoder at a tiny size."""

import pytest
import torch

from tests.unit.models import tiny_vae as tiny
from toontween.errors import InputError, ShapeError, UnknownNameError
from toontween.models.blocks import vae_layers
from toontween.models.vae import AutoencoderKLDualReference, pair_references


@torch.no_grad()
def test_features_come_level_by_level_and_the_first_convolution_last():
    network = tiny.build()
    encoded = network.encode(tiny.pixels(3))
    assert encoded.mean.shape == encoded.logvar.shape == (3, 4, 2, 3)
    sizes = [tuple(feature.shape) for feature in encoded.reference_features]
    assert sizes == [(3, 8, 16, 24), (3, 16, 8, 12), (3, 32, 4, 6), (3, 32, 2, 3), (3, 8, 16, 24)]
    stem = network.encoder.conv_in(tiny.pixels(3))
    assert torch.equal(encoded.reference_features[-1], stem)


@torch.no_grad()
def test_pictures_are_encoded_one_by_one():
    network = tiny.build()
    together, alone = network.encode(tiny.pixels(3)), network.encode(tiny.pixels(3)[1:2])
    assert torch.allclose(together.mean[1:2], alone.mean, atol=1e-5)
    for a, b in zip(together.reference_features, alone.reference_features, strict=True):
        assert torch.allclose(a[1:2], b, atol=1e-5)


@torch.no_grad()
def test_the_log_variance_is_kept_within_bounds():
    network = tiny.build()
    tiny.change(network.encoder.quant_conv.weight, times=1e4)
    logvar = network.encode(tiny.pixels(1)).logvar
    assert logvar.amin() == -30
    assert logvar.amax() == 20


@torch.no_grad()
def test_a_sample_is_drawn_from_the_posterior_with_the_given_generator():
    encoded = tiny.build().encode(tiny.pixels(1))
    noise = torch.randn(encoded.mean.shape, generator=tiny.generator(7))
    expected = encoded.mean + (encoded.logvar / 2).exp() * noise
    assert torch.allclose(encoded.sample(tiny.generator(7)), expected)


@torch.no_grad()
@pytest.mark.parametrize("variant", ["full", "no-p3d"])
def test_each_clip_of_a_batch_is_decoded_with_its_own_references(variant):
    network = tiny.build(variant)
    latents, references = tiny.latents(3, 5), tiny.references(network, 3)
    together = network.decode(latents, references)
    for item in range(3):
        own = tuple(reference[item : item + 1] for reference in references)
        alone = network.decode(latents[item : item + 1], own)
        assert torch.allclose(together[item : item + 1], alone, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("num_frames", [1, 2, 3, 17])
def test_clips_of_any_length_are_decoded(num_frames):
    network = tiny.build()
    decoded = network.decode(tiny.latents(2, num_frames), tiny.references(network, 2))
    assert decoded.shape == (2, 3, num_frames, *tiny.SIDE_PX)
    assert decoded.isfinite().all()


@torch.no_grad()
def test_without_temporal_mixing_frames_do_not_see_one_another():
    network = tiny.build("no-p3d")
    latents, references = tiny.latents(1, 5), tiny.references(network, 1)
    changed = latents.clone()
    changed[:, :, 2] += 1
    difference = (network.decode(latents, references) - network.decode(changed, references)).abs()
    assert difference.amax(dim=(0, 1, 3, 4)).gt(1e-3).tolist() == [False, False, True, False, False]


@torch.no_grad()
def test_with_temporal_mixing_every_frame_depends_on_every_other():
    network = tiny.build()
    latents, references = tiny.latents(1, 5), tiny.references(network, 1)
    changed = latents.clone()
    changed[:, :, 2] += 1
    difference = (network.decode(latents, references) - network.decode(changed, references)).abs()
    assert difference.amax(dim=(0, 1, 3, 4)).gt(1e-5).all()


@torch.no_grad()
def test_decoding_changes_neither_latents_nor_references():
    network = tiny.build()
    latents, references = tiny.latents(1, 4), tiny.references(network, 1)
    copies = [latents.clone(), *(reference.clone() for reference in references)]
    network.decode(latents, references)
    assert all(torch.equal(a, b) for a, b in zip([latents, *references], copies, strict=True))


def test_saving_memory_changes_nothing_beyond_rounding(monkeypatch):
    network = tiny.build()
    latents, references = tiny.latents(2, 5), tiny.references(network, 2)
    recorded = network.decode(latents, references)
    assert recorded.requires_grad
    with torch.no_grad():
        whole = network.decode(latents, references)
        monkeypatch.setattr(vae_layers, "_CHUNK_VALUES", 700)
        monkeypatch.setattr("toontween.models.blocks.references._SCORES_AT_ONCE", 2000)
        pieces = network.decode(latents, references)
    assert torch.allclose(whole, recorded, atol=1e-4)
    assert torch.allclose(pieces, recorded, atol=1e-4)


def test_every_layer_but_the_skipped_one_learns():
    network = tiny.build().train()
    loss = network(tiny.pixels(4).unflatten(0, (1, 4)).transpose(1, 2)).square().mean()
    loss.backward()
    idle = {name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()}
    assert idle == {"decoder.post_quant_conv.weight", "decoder.post_quant_conv.bias"}


@torch.no_grad()
def test_only_the_image_decoder_applies_post_quant_conv_by_itself():
    latents = tiny.latents(1, 2)
    for network, applied in (
        (tiny.build("full"), False),
        (tiny.build("no-p3d"), False),
        (tiny.build("no-har-no-p3d"), True),
        (tiny.build("full", apply_post_quant_conv=True), True),
    ):
        before = network.decode(latents)
        tiny.change(network.decoder.post_quant_conv.bias, plus=1.0)
        assert torch.allclose(before, network.decode(latents)) is not applied


@torch.no_grad()
def test_the_image_decoder_takes_frames_singly_and_no_references():
    network = tiny.build("no-har-no-p3d")
    assert not network.uses_references
    latents = tiny.latents(1, 3)
    frames = torch.cat([network.decode(latents[:, :, [i]]) for i in range(3)], dim=2)
    assert torch.allclose(network.decode(latents), frames, atol=1e-4)
    with pytest.raises(InputError, match="takes no references"):
        network.decode(latents, tiny.references(network, 1))


@torch.no_grad()
@pytest.mark.parametrize("variant", ["full", "no-p3d", "no-har-no-p3d"])
def test_a_saved_network_returns_unchanged(tmp_path, variant):
    network = tiny.build(variant)
    network.save_pretrained(tmp_path)
    loaded = AutoencoderKLDualReference.from_pretrained(tmp_path)
    assert isinstance(loaded, AutoencoderKLDualReference)
    assert loaded.config["decoder_variant"] == variant
    references = tiny.references(network, 1) if network.uses_references else None
    assert torch.equal(
        loaded.decode(tiny.latents(1, 3), references),
        network.decode(tiny.latents(1, 3), references),
    )


def _overflowing() -> AutoencoderKLDualReference:
    network = tiny.build()
    tiny.change(network.encoder.conv_in.weight, times=1e5)
    tiny.change(network.decoder.conv_in.weight, times=1e5)
    # injected behind the last norm, such features would also push the pictures out of range
    tiny.change(network.get_parameter("decoder.references.4.conv.weight"), times=1e-5)
    return network


@torch.no_grad()
def test_half_precision_weights_are_computed_in_full_precision():
    exact = _overflowing().half().float()
    half = _overflowing().half()
    assert half.dtype == torch.float16
    wanted, found = exact.encode(tiny.pixels(2)), half.encode(tiny.pixels(2).half())
    assert found.mean.dtype == torch.float16
    assert max(feature.abs().max() for feature in found.reference_features) > 65504
    references = pair_references(found.reference_features)
    pictures = half.decode(tiny.latents(1, 3).half(), references)
    assert pictures.dtype == torch.float16
    assert half.dtype == torch.float16
    assert torch.allclose(found.mean.float(), wanted.mean, atol=2e-2)
    expected = exact.decode(tiny.latents(1, 3), pair_references(wanted.reference_features))
    assert (pictures.float() - expected).abs().max() < 2e-2 * expected.abs().max()


@torch.no_grad()
def test_without_upcasting_the_same_weights_overflow():
    network = _overflowing().half()
    network.force_upcast = False
    assert not network.encode(tiny.pixels(1).half()).mean.isfinite().all()


@torch.no_grad()
def test_bfloat16_stays_near_full_precision():
    exact, brief = tiny.build(), tiny.build().bfloat16()
    references = tiny.references(exact, 1)
    wanted = exact.decode(tiny.latents(1, 4), references)
    found = brief.decode(tiny.latents(1, 4), references)
    assert found.dtype == torch.bfloat16
    assert (found.float() - wanted).square().mean().sqrt() < 0.1 * wanted.std()


@pytest.mark.parametrize("size", [(3, 20, 16), (3, 16, 0), (4, 16, 16)])
def test_pictures_of_the_wrong_size_are_refused(size):
    with pytest.raises(ShapeError, match=r"cannot be encoded|are not"):
        tiny.build().encode(torch.zeros(1, *size))


def test_latents_and_references_of_the_wrong_shape_are_refused():
    network = tiny.build()
    references = tiny.references(network, 2)
    with pytest.raises(ShapeError, match="are not"):
        network.decode(torch.zeros(1, 3, 2, 2, 3))
    with pytest.raises(ShapeError, match="do not fit"):
        network.decode(tiny.latents(1, 2), references)
    with pytest.raises(ShapeError, match="do not fit"):
        network.decode(tiny.latents(2, 2), references[:4])
    with pytest.raises(ShapeError, match="pairs"):
        pair_references(network.encode(tiny.pixels(3)).reference_features)


def test_impossible_configurations_are_refused():
    with pytest.raises(UnknownNameError, match="no-p3d-at-all"):
        AutoencoderKLDualReference.from_config({"decoder_variant": "no-p3d-at-all"})
    with pytest.raises(InputError, match="norm groups"):
        AutoencoderKLDualReference(base_channels=24)


def test_gradient_checkpointing_keeps_the_gradients_and_holds_less():
    network = tiny.build().train()
    latents, references = tiny.latents(1, 4), tiny.references(network, 1)
    held, gradients = [], []
    for frugal in (False, True):
        if frugal:
            network.enable_gradient_checkpointing()
        assert network.is_gradient_checkpointing is frugal
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda tensor, sizes=sizes: (sizes.append(tensor.nbytes), tensor)[1], lambda kept: kept
        ):
            loss = network.decode(latents, references).square().mean()
        network.zero_grad()
        loss.backward()
        held.append(sum(sizes))
        named = network.decoder.named_parameters()
        gradients.append({name: p.grad.clone() for name, p in named if p.grad is not None})
    assert held[1] < 0.5 * held[0]
    assert gradients[0].keys() == gradients[1].keys()
    for name, wanted in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], wanted, atol=1e-6, rtol=1e-4, msg=name)
