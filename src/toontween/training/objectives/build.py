"""A run's configuration → its objective."""

from toontween.errors import InputError
from toontween.models.vae import AutoencoderKLDualReference
from toontween.registry import Registry
from toontween.training.config import DecoderConfig, RunConfig, SketchConfig
from toontween.training.draws import seed_layers
from toontween.training.latents import LatentSet, encoder_hash
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
        if what.train != "decoder" and not config.data.validation:
            raise InputError(
                "a new autoencoder's latents are scaled by those of held-out clips, and there are none",
                hint="--set data.validation=FOLDER",
            )
        parts = build_vae(config.networks, seed=config.seed)
    else:
        parts = build_networks(config.networks, seed=config.seed)
    seed_layers(config.seed, "objective")
    return OBJECTIVES.load(what.kind)(parts, what)


def check_latents(objective: Objective, latents: LatentSet) -> None:
    """Make sure that latents kept on disk are those the objective's encoder would give.

    Raises:
        InputError: They are another encoder's, or the objective trains on pictures.
    """
    vae = objective.frozen.get("vae")
    if not isinstance(vae, AutoencoderKLDualReference):
        hint = "leave data.latents out"
        raise InputError("a decoder learns from pictures, not from latents on disk", hint=hint)
    if encoder_hash(vae) != latents.encoder_sha256:
        hint = "encode the clips again with this model's autoencoder"
        raise InputError("data.latents were made by another encoder", hint=hint)


def needs_lines(config: RunConfig) -> bool:
    """Whether the objective looks at the ink of drawings."""
    return isinstance(config.objective, SketchConfig)
