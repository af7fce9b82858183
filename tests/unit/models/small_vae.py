"""A small autoencoder with all the options that make it cheap, and clips for it."""

import torch
from torch import Tensor

from tests.unit.models.tiny_vae import generator
from toontween.models.vae import AutoencoderKLDualReference

OPTIONS = {
    "base_channels": 16,
    "channel_mult": (1, 2),
    "num_res_blocks": 1,
    "latent_channels": 8,
    "norm_groups": 8,
    "patch_size": 4,
    "middle_attention": False,
    "linear_codec": True,
    "finest_temporal_level": 1,
    "finest_attention_level": 1,
    "match_keys": True,
}


def new(**changes: object) -> AutoencoderKLDualReference:
    """An image autoencoder, untrained."""
    torch.manual_seed(0)
    options = OPTIONS | {"decoder_variant": "no-har-no-p3d"} | changes
    return AutoencoderKLDualReference(**options)  # pyright: ignore[reportArgumentType]


def grown(image: AutoencoderKLDualReference | None = None) -> AutoencoderKLDualReference:
    """A network that decodes clips as the image autoencoder does."""
    return AutoencoderKLDualReference.from_image_decoder(
        image or new(), reference_heads=2, reference_head_dim=8
    )


def shaken(network: AutoencoderKLDualReference, *, by: float = 0.02) -> AutoencoderKLDualReference:
    """The network with random numbers added to its weights, so that nothing is 0."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator(1)), alpha=by)
    return network


def clip(num_frames: int = 5, *, batch: int = 1, size: tuple[int, int] = (64, 96)) -> Tensor:
    """A framed square that slides over a soft background."""
    rows, columns = torch.meshgrid(*(torch.linspace(-1, 1, s) for s in size), indexing="ij")
    ground = torch.stack([0.4 * rows, 0.4 * columns, -0.2 + 0 * rows])
    square = torch.full((3, 16, 16), -0.9)
    square[:, 2:14, 2:14] = torch.tensor([0.8, 0.2, -0.4]).view(3, 1, 1)
    clip = ground.repeat(batch, num_frames, 1, 1, 1)
    for sample in range(batch):
        for frame in range(num_frames):
            left = 20 + 3 * frame + 8 * sample
            clip[sample, frame, :, 24:40, left : left + 16] = square
    return clip.transpose(1, 2).contiguous()
