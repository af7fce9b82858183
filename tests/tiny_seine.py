"""Untrained networks in the structure of SEINE, small enough that a test may run them."""

from pathlib import Path

from toontween.interpolators.learned.seine.parts import (
    SeineNetworks,
    UntrainedSizes,
    build_untrained,
)

SIZES = UntrainedSizes(
    unet={
        "block_out_channels": (32, 32),
        "layers_per_block": 1,
        "num_heads": 1,
        "context_dim": 16,
        "norm_groups": 8,
    },
    vae={"block_out_channels": (8, 8, 8, 8), "layers_per_block": 1, "norm_num_groups": 4},
    text_encoder={
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 514,
        "bos_token_id": 512,
        "eos_token_id": 513,
        "pad_token_id": 513,
    },
)


def build_tiny_seine() -> SeineNetworks:
    """A denoiser of two levels, an autoencoder of the published four, a text tower of one layer."""
    return build_untrained(SIZES)


def save_tiny_seine(networks: SeineNetworks, place: Path) -> tuple[str, str]:
    """Write the denoiser and its base as `save_pretrained` does; the folders of both."""
    base = place / "tiny-base"
    networks.unet.save_pretrained(place / "tiny-seine")
    networks.vae.save_pretrained(base / "vae")
    networks.text_encoder.save_pretrained(base / "text_encoder")
    networks.tokenizer.save_pretrained(base / "tokenizer")
    return str(place / "tiny-seine"), str(base)
