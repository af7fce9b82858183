"""The recipes of the bundled model."""

import torch

from toontween.models.blocks.temporal_mixing import reach_of
from toontween.models.vae import AutoencoderKLDualReference
from toontween.recipes.catalog import load_recipe
from toontween.training.config import DecoderConfig


def test_the_autoencoder_is_small_and_divides_by_eight() -> None:
    config = load_recipe("mini_autoencoder")
    with torch.device("meta"):
        sizes = dict(config.networks.vae_size, decoder_variant="full")
        network = AutoencoderKLDualReference(**sizes)
    assert sum(parameter.numel() for parameter in network.parameters()) < 6e6
    assert network.downsampling == 8
    assert network.decoder.draws_one_by_one
    assert reach_of(network.decoder) == 8


def test_windows_fit_the_latents() -> None:
    for name in ("mini_autoencoder", "mini_decoder", "mini_together"):
        config = load_recipe(name)
        assert config.data.crop is not None
        assert all(side % 8 == 0 for side in config.data.crop)
        assert isinstance(config.objective, DecoderConfig)
