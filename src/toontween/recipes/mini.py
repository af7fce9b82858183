"""The model that comes with the package: small enough to train on a CPU and to be shipped.

256×160 pixels, 16 drawings. The autoencoder is a linear codec of 8×8 blocks that learns what a linear one cannot, and a
decoder that draws with the keys' own pixels: see `blocks.block_codec` and `blocks.key_matching`. Stages build on each other:
`mini_autoencoder` on single drawings, then `mini_decoder` and `mini_together` on clips, each with `--set networks.vae=RUN/model/vae`
of the one before. Give each the clips with `--set data.shards=FOLDER`.
"""

from dataclasses import replace

from toontween.training.config import (
    DataConfig,
    DecoderConfig,
    LoopConfig,
    NetworksConfig,
    OptimizerConfig,
    RunConfig,
)

NETWORKS = NetworksConfig(
    vae_size={
        "base_channels": 64,
        "channel_mult": [1, 2],
        "num_res_blocks": 1,
        "latent_channels": 8,
        "norm_groups": 16,
        "decoder_variant": "no-har-no-p3d",
        "scaling_factor": 1.0,
        "force_upcast": False,
        "patch_size": 4,
        "middle_attention": False,
        "linear_codec": True,
        "finest_temporal_level": 1,
        "temporal_norm": "frame",
        "finest_attention_level": 1,
        "match_keys": True,
    },
)
"""2.5 million parameters, 3.6 with references and temporal mixing."""


def mini_autoencoder() -> RunConfig:
    """Encoder and image decoder, on windows of drawings, where there is something to see."""
    return RunConfig(
        name="mini_autoencoder",
        objective=DecoderConfig(train="autoencoder"),
        networks=NETWORKS,
        data=DataConfig(
            num_frames=2, strides=(5, 3, 9, 15), crop=(64, 64), crop_tries=3, mirror=0.5
        ),
        optimizer=OptimizerConfig(
            learning_rate=5e-4, warmup_steps=100, clip_norm=1.0, decay="cosine"
        ),
        loop=LoopConfig(
            steps=12_000, batch_size=4, ema_decay=0.998, save_minutes=5.0, log_every=50
        ),
    )


def mini_decoder() -> RunConfig:
    """The decoder with references and temporal mixing, started at the image decoder of `networks.vae`.

    Eight drawings spread over a whole clip and most of the picture: in small windows what has moved is rarely in the keys, and a
    decoder trained on them copies less than it could. A perceptual term wants a network:
    `--set objective.perceptual=squeezenet --set objective.perceptual_weights=FILE`.
    """
    return RunConfig(
        name="mini_decoder",
        objective=DecoderConfig(
            reference_heads=4, reference_head_dim=16, latent_noise=0.05, perceptual_weight=0.3
        ),
        networks=NETWORKS,
        data=DataConfig(
            num_frames=8,
            strides=(2,),
            crop=(192, 160),
            crop_tries=3,
            mirror=0.5,
            reverse=0.5,
        ),
        optimizer=OptimizerConfig(
            learning_rate=5e-4, warmup_steps=50, clip_norm=1.0, decay="cosine"
        ),
        loop=LoopConfig(steps=3000, batch_size=1, ema_decay=0.998, save_minutes=5.0, log_every=25),
    )


def mini_together() -> RunConfig:
    """Encoder and decoder of clips together: the encoder learns what the decoder needs to know beside the keys.

    Clips to scale the latents by are needed: `--set data.validation=FOLDER`, and the perceptual term's network as before. The
    posterior is narrow already; drawn to a unit Gaussian, as weakly as that may be, it widens and the run falls apart.
    """
    decoder = mini_decoder()
    return replace(
        decoder,
        name="mini_together",
        objective=DecoderConfig(
            train="both",
            reference_heads=4,
            reference_head_dim=16,
            latent_noise=0.03,
            perceptual_weight=1.0,
            kl_weight=0.0,
        ),
        optimizer=replace(decoder.optimizer, learning_rate=3e-4),
    )
