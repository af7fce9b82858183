"""The options that make the autoencoder cheap: patches, a linear codec, levels that see frames alone, pixels of the keys."""

import pytest
import torch

from tests.unit.models import small_vae as small
from toontween.errors import InputError, ShapeError
from toontween.models.vae import pair_references


@torch.no_grad()
def test_a_new_network_is_the_linear_codec():
    network, pictures = small.new(), small.clip(1)[:, :, 0]
    encoded = network.encode(pictures)
    analysis, synthesis = network.encoder.analysis, network.decoder.synthesis
    assert analysis is not None
    assert synthesis is not None
    assert torch.allclose(encoded.mean, analysis(pictures), atol=1e-6)
    decoded = network.decode(encoded.mean.unsqueeze(2)).squeeze(2)
    assert torch.allclose(decoded, synthesis(encoded.mean), atol=1e-6)
    smooth = (..., slice(0, 16), slice(None))
    assert (decoded - pictures)[smooth].abs().max() < 0.05


@torch.no_grad()
@pytest.mark.parametrize("patch_size", [1, 2, 4])
def test_a_patch_divides_the_sides_once_more(patch_size):
    network = small.new(patch_size=patch_size)
    assert network.downsampling == 2 * patch_size
    encoded = network.encode(torch.zeros(1, 3, 16, 24))
    assert encoded.mean.shape[2:] == (16 // network.downsampling, 24 // network.downsampling)
    assert encoded.reference_features[0].shape[2:] == (16 // patch_size, 24 // patch_size)
    assert network.decode(encoded.mean.unsqueeze(2)).shape == (1, 3, 1, 16, 24)


@torch.no_grad()
def test_a_new_decoder_draws_what_slides_with_the_keys_pixels():
    image, clip = small.new(), small.clip()
    grown = small.grown(image)
    inner = (slice(None), slice(None), slice(1, -1))
    without = (image(clip) - clip)[inner].square().mean()
    with_keys = (grown(clip) - clip)[inner].square().mean()
    assert with_keys < without / 1.5


@torch.no_grad()
def test_without_references_the_grown_decoder_is_the_image_decoder():
    image, clip = small.shaken(small.new()), small.clip()
    grown = small.grown(image)
    latents = image.encode(clip[0].transpose(0, 1)).mean.transpose(0, 1)[None]
    assert torch.allclose(grown.decode(latents), image.decode(latents), atol=1e-6)


def test_drawing_frame_by_frame_changes_nothing_beyond_rounding():
    network, clip = small.shaken(small.grown()), small.clip(4, batch=2)
    at_once = network(clip)
    with torch.no_grad():
        one_by_one = network(clip)
    different = (at_once - one_by_one).abs() > 1e-4
    # rounding may tip a choice between equally good matches
    assert different.float().mean() < 0.01


@torch.no_grad()
def test_the_keys_themselves_are_the_last_reference():
    network, clip = small.grown(), small.clip(1, batch=2)[:, :, 0]
    features = network.encode(clip).reference_features
    assert torch.equal(features[-1], clip)
    references = pair_references(features)
    latents = torch.zeros(1, 8, 3, 8, 12)
    network.decode(latents, references)
    smaller = (*references[:-1], references[-1][..., ::2, ::2])
    with pytest.raises(ShapeError, match="do not fit latents"):
        network.decode(latents, smaller)


def test_everything_new_learns():
    network, clip = small.shaken(small.grown()), small.clip(3)
    (network(clip) - clip).abs().mean().backward()
    used = [n for n, p in network.decoder.named_parameters() if p.grad is not None and p.grad.any()]
    assert {n for n, _ in network.decoder.named_parameters()} == set(used)


def test_fine_levels_have_no_temporal_layers():
    names = [name for name, _ in small.grown().decoder.named_parameters() if ".temporal." in name]
    assert any(name.startswith("up.1.") for name in names)
    assert not any(name.startswith("up.0.") for name in names)


@torch.no_grad()
def test_latents_of_the_ends_are_those_of_the_keys():
    network, clip = small.shaken(small.grown()), small.clip(4)
    encoded = network.encode(clip[0].transpose(0, 1))
    references = pair_references(tuple(f[[0, -1]] for f in encoded.reference_features))
    latents = encoded.mean.transpose(0, 1)[None]
    spoilt = latents.clone()
    spoilt[:, :, [0, -1]] += 1
    assert torch.equal(network.decode(spoilt, references), network.decode(latents, references))
    spoilt[:, :, 1] += 1
    assert not torch.equal(network.decode(spoilt, references), network.decode(latents, references))


def test_references_for_a_single_frame_are_refused():
    network = small.grown()
    references = pair_references(
        network.encode(small.clip(2)[0].transpose(0, 1)).reference_features
    )
    with pytest.raises(InputError, match="a single frame has no two keys"):
        network.decode(torch.zeros(1, 8, 1, 8, 12), references)
