"""A run's configuration → its objective."""

from toontween.errors import InputError
from toontween.registry import Registry
from toontween.training.config import DecoderConfig, RunConfig, SketchConfig
from toontween.training.draws import seed_layers
from toontween.training.networks import build_networks, build_vae
from toontween.training.objectives.base import Objective

OBJECTIVES = Registry(
    "objective",
    {
        "video": "toontween.training.objectives.video:VideoObjective",
        "lora": "toontween.training.objectives.lora:LoraObjective",
        "decoder": "toontween.training.objectives.decoder:DecoderObjective",
        "sketch": "toontween.training.objectives.sketch:SketchObjective",
    },
)
"""Kind of an objective's configuration → its class."""


def build_objective(config: RunConfig) -> Objective:
    """Networks and what they are to learn; new weights depend on the seed alone.

    Raises:
        InputError: The configuration is impossible.
        CheckpointError: A model to start from cannot be read.
    """
    what = config.objective
    if isinstance(what, DecoderConfig):
        if what.train == "autoencoder" and not config.data.validation:
            raise InputError(
                "a new autoencoder's latents are scaled by those of held-out clips, and there are none",
                hint="--set data.validation=FOLDER",
            )
        parts = build_vae(config.networks, seed=config.seed)
    else:
        parts = build_networks(config.networks, seed=config.seed)
    seed_layers(config.seed, "objective")
    return OBJECTIVES.load(what.kind)(parts, what)


def needs_lines(config: RunConfig) -> bool:
    """Whether the objective looks at the ink of drawings."""
    return isinstance(config.objective, SketchConfig)
