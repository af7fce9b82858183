"""The published model's training, as far as it is known (ToonCrafter, arXiv 2405.17933; DynamiCrafter's released recipe).

What was never published and is our choice: the decoder's and the sketch encoder's steps, rates and batches.
Eight GPUs: `accelerate launch --config_file "$(toontween train --launch-file eight_gpus_ddp)" …`; see the guide on training.
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

_CLIPS = DataConfig(num_frames=16, size=(512, 320), strides=(1, 2, 3, 4, 5, 6), workers=8)


def tooncrafter512_rectification() -> RunConfig:
    """Toon rectification: start from the converted DynamiCrafter 512 interpolation model, `networks.start`."""
    return RunConfig(
        name="tooncrafter512_rectification",
        objective=VideoConfig(variant="freeze-temporal"),
        networks=NetworksConfig(start="dynamicrafter-512-interp"),
        data=_CLIPS,
        optimizer=OptimizerConfig(learning_rate=1e-5, clip_norm=0.5),
        loop=LoopConfig(
            steps=50_000,
            batch_size=32,
            micro_batch_size=2,
            precision="bf16",
            gradient_checkpointing=True,
        ),
    )


def tooncrafter512_decoder() -> RunConfig:
    """The dual-reference decoder, started at the image decoder."""
    return RunConfig(
        name="tooncrafter512_decoder",
        objective=DecoderConfig(
            perceptual="lpips-vgg", adversarial_weight=1.0, adversarial_start=5000
        ),
        networks=NetworksConfig(start="dynamicrafter-512-interp"),
        data=_CLIPS,
        optimizer=OptimizerConfig(learning_rate=4.5e-6, betas=(0.5, 0.9), weight_decay=0.0),
        loop=LoopConfig(
            steps=60_000,
            batch_size=16,
            micro_batch_size=1,
            precision="bf16",
            gradient_checkpointing=True,
        ),
    )


def tooncrafter512_sketch() -> RunConfig:
    """The sketch encoder, on the rectified model given as `networks.start`."""
    return RunConfig(
        name="tooncrafter512_sketch",
        objective=SketchConfig(),
        networks=NetworksConfig(start="tooncrafter-512"),
        data=_CLIPS,
        optimizer=OptimizerConfig(learning_rate=5e-5, clip_norm=0.5),
        loop=LoopConfig(
            steps=50_000,
            batch_size=32,
            micro_batch_size=2,
            precision="bf16",
            gradient_checkpointing=True,
        ),
    )


def tooncrafter512_lora() -> RunConfig:
    """A show's style from a few cuts."""
    return RunConfig(
        name="tooncrafter512_lora",
        objective=LoraConfig(rank=32, alpha=32),
        networks=NetworksConfig(start="tooncrafter-512"),
        data=_CLIPS,
        optimizer=OptimizerConfig(learning_rate=1e-4, weight_decay=0.0),
        loop=LoopConfig(
            steps=2000,
            batch_size=4,
            micro_batch_size=1,
            precision="bf16",
            gradient_checkpointing=True,
        ),
    )
