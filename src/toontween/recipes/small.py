"""A whole model at a size that learns within minutes on a GPU and hours on a CPU; the ablations are made with it.

128×96 pixels, 16 drawings. The stages build on each other: autoencoder → prior → rectification, decoder, sketch encoder, LoRA.
Give each stage the clips it learns from with `--set data.shards=FOLDER`, and what it starts from with
`--set networks.start=RUN/model` or `--set networks.vae=RUN/model/vae`.
"""

from toontween.training.config import (
    DataConfig,
    DecoderConfig,
    LoopConfig,
    LoraConfig,
    NetworksConfig,
    OptimizerConfig,
    RunConfig,
    SketchConfig,
    VideoConfig,
)

NETWORKS = NetworksConfig(
    vae_size={
        "base_channels": 32,
        "channel_mult": [1, 2, 3, 3],
        "num_res_blocks": 1,
        "norm_groups": 8,
        "reference_heads": 4,
        "reference_head_dim": 16,
        "decoder_variant": "no-har-no-p3d",
        "scaling_factor": 0.5,
        "force_upcast": False,
    },
    unet_size={
        "base_channels": 64,
        "channel_mult": [1, 2, 3],
        "num_res_blocks": 1,
        "attention_factors": [1, 2, 4],
        "head_dim": 32,
        "context_dim": 128,
        "norm_groups": 16,
        "text_tokens": 1,
        "queries_per_frame": 4,
    },
    projector_size={
        "input_dim": 128,
        "dim": 128,
        "output_dim": 128,
        "depth": 2,
        "num_heads": 4,
        "head_dim": 32,
        "queries_per_frame": 4,
    },
    image_encoder_size={
        "image_size": 64,
        "patch_size": 8,
        "hidden_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 512,
    },
)
"""About 21 million parameters in the denoiser, 2 in the autoencoder."""

_AUGMENTED = DataConfig(num_frames=16, mirror=0.5, reverse=0.5)
_RATES = OptimizerConfig(learning_rate=3e-4, warmup_steps=100, clip_norm=1.0)
_LOOP = LoopConfig(batch_size=16, ema_decay=0.999, save_minutes=2.0)


def small_autoencoder() -> RunConfig:
    """Encoder and image decoder from scratch, on single drawings of as many clips."""
    return RunConfig(
        name="small_autoencoder",
        objective=DecoderConfig(train="autoencoder"),
        networks=NETWORKS,
        data=DataConfig(num_frames=1, mirror=0.5),
        optimizer=OptimizerConfig(
            learning_rate=1e-3, warmup_steps=100, clip_norm=1.0, decay="cosine"
        ),
        loop=LoopConfig(steps=4000, batch_size=64, ema_decay=0.999),
    )


def small_decoder() -> RunConfig:
    """The dual-reference decoder, started at the image decoder of `networks.vae`."""
    return RunConfig(
        name="small_decoder",
        objective=DecoderConfig(reference_heads=4, reference_head_dim=16),
        networks=NETWORKS,
        data=_AUGMENTED,
        optimizer=_RATES,
        loop=LoopConfig(steps=2000, batch_size=4, ema_decay=0.999),
    )


def small_prior() -> RunConfig:
    """The denoiser from scratch, with the encoder of the first key."""
    return RunConfig(
        name="small_prior",
        objective=VideoConfig(variant="all", train_image_encoder=True),
        networks=NETWORKS,
        data=_AUGMENTED,
        optimizer=_RATES,
        loop=LoopConfig(steps=20_000, batch_size=32, ema_decay=0.999, save_minutes=2.0),
    )


def small_rectification() -> RunConfig:
    """Toon rectification of a prior given as `networks.start`; variants by `objective.variant`."""
    return RunConfig(
        name="small_rectification",
        objective=VideoConfig(variant="freeze-temporal"),
        data=_AUGMENTED,
        optimizer=OptimizerConfig(learning_rate=1e-4, warmup_steps=50, clip_norm=0.5),
        loop=LoopConfig(steps=3000, batch_size=32, ema_decay=0.995),
    )


def small_sketch() -> RunConfig:
    """The sketch encoder beside a denoiser given as `networks.start`."""
    return RunConfig(
        name="small_sketch",
        objective=SketchConfig(),
        data=_AUGMENTED,
        optimizer=_RATES,
        loop=_LOOP,
    )


def small_lora() -> RunConfig:
    """A style from a few cuts, for a model given as `networks.start`."""
    return RunConfig(
        name="small_lora",
        objective=LoraConfig(),
        data=_AUGMENTED,
        optimizer=OptimizerConfig(learning_rate=1e-3, warmup_steps=20, weight_decay=0.0),
        loop=LoopConfig(steps=500, batch_size=4, ema_decay=0.0),
    )
