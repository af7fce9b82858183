"""From latents to frames on the CPU."""

import pytest
import torch

from tests.unit.models import tiny_vae as tiny
from toontween.models.vae import AutoencoderKLDualReference
from toontween.pipelines.autoencoding import decode_clips


@pytest.fixture(scope="module")
def vae() -> AutoencoderKLDualReference:
    return tiny.build(scaling_factor=0.5)


@torch.no_grad()
@pytest.mark.parametrize("num_frames", [1, 4, 5, 6])
def test_clips_are_decoded_each_with_its_own_references(vae, num_frames):
    latents, references = tiny.latents(2, num_frames), tiny.references(vae, 2)
    frames = decode_clips(vae, latents, references, double_decode=False)
    decoded = (vae.decode(2 * latents, references).clamp(-1, 1) + 1) / 2
    torch.testing.assert_close(frames, decoded.transpose(1, 2), atol=1e-4, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(("num_frames", "again"), [(4, []), (5, [2]), (6, [2, 3])])
def test_the_middle_comes_from_a_decode_without_the_neighbours_of_the_ends(vae, num_frames, again):
    latents, references = tiny.latents(1, num_frames), tiny.references(vae, 1)
    once = decode_clips(vae, latents, references, double_decode=False)
    twice = decode_clips(vae, latents, references, double_decode=True)
    kept = [f for f in range(num_frames) if f not in (1, num_frames - 2)]
    without = decode_clips(vae, latents[:, :, kept], references, double_decode=False)
    for frame in range(num_frames):
        source, index = (without, kept.index(frame)) if frame in again else (once, frame)
        assert torch.equal(twice[:, frame], source[:, index])
