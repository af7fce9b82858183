"""The networks of a run: new ones of given sizes, or those of a pipeline that is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffusers import ControlNetModel
from transformers import CLIPTextModel, CLIPVisionConfig, CLIPVisionModel

from toontween.checkpoints.bundled import bundled_folder
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import CheckpointError, InputError
from toontween.models.image_projector import ImageContextProjector
from toontween.models.unet import ToonUNet
from toontween.models.vae import AutoencoderKLDualReference
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline
from toontween.training.config import NetworksConfig
from toontween.training.draws import seed_layers


@dataclass(kw_only=True, eq=False)
class Networks:
    """The parts of a pipeline that training uses."""

    unet: ToonUNet
    vae: AutoencoderKLDualReference
    image_encoder: CLIPVisionModel
    image_projector: ImageContextProjector
    scheduler: ToonDDIMScheduler
    text_encoder: CLIPTextModel | None = None
    tokenizer: object | None = None
    sketch_encoder: ControlNetModel | None = None


def build_networks(config: NetworksConfig, *, seed: int) -> Networks:
    """The parts of a model.

    New weights depend on the seed alone.

    Raises:
        InputError: There is no start and a size is missing or impossible.
        CheckpointError: A folder does not hold what it should.
    """
    if config.start is not None:
        pipe = ToonInterpolationPipeline.from_pretrained(config.start)
        networks = Networks(
            unet=pipe.unet,
            vae=pipe.vae,
            image_encoder=pipe.image_encoder,
            image_projector=pipe.image_projector,
            scheduler=pipe.scheduler,
            text_encoder=pipe.text_encoder,
            tokenizer=pipe.tokenizer,
            sketch_encoder=pipe.sketch_encoder,
        )
    else:
        networks = _new_networks(config, seed=seed)
    if config.vae is not None:
        networks.vae = load_vae(config.vae)
    return networks


def build_vae(config: NetworksConfig, *, seed: int) -> AutoencoderKLDualReference:
    """The autoencoder alone.

    Raises:
        InputError: Its size is missing or impossible.
        CheckpointError: A folder does not hold one.
    """
    if config.vae is not None:
        return load_vae(config.vae)
    if config.start is not None:
        return load_vae(Path(config.start) / "vae")
    seed_layers(seed, "vae")
    return AutoencoderKLDualReference(**_size("vae_size", config.vae_size))


def load_vae(name_or_folder: str | Path) -> AutoencoderKLDualReference:
    """An autoencoder: the bundled one, `mini/vae`, or the one in a folder that `save_pretrained` wrote.

    Raises:
        CheckpointError: There is none.
        UnavailableError: The bundled one does not come with this version.
    """
    folder = bundled_folder(str(name_or_folder)) or Path(name_or_folder)
    try:
        vae = AutoencoderKLDualReference.from_pretrained(str(folder), use_safetensors=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} holds no autoencoder: {error}") from error
    return vae


def _new_networks(config: NetworksConfig, *, seed: int) -> Networks:
    vae = build_vae(config, seed=seed)
    seed_layers(seed, "unet")
    unet = ToonUNet(**_size("unet_size", config.unet_size))
    seed_layers(seed, "image_projector")
    projector = ImageContextProjector(**_size("projector_size", config.projector_size))
    seed_layers(seed, "image_encoder")
    tower = CLIPVisionConfig(**_size("image_encoder_size", config.image_encoder_size))
    return Networks(
        unet=unet,
        vae=vae,
        image_encoder=CLIPVisionModel(tower),
        image_projector=projector,
        scheduler=ToonDDIMScheduler(),
    )


def _size(name: str, size: dict[str, Any]) -> dict[str, Any]:
    if not size:
        raise InputError(
            f"networks.{name} is empty and there is no model to start from",
            hint="set networks.start to a model's folder, or give the sizes of a new one",
        )
    return size
