"""A show's style from a few cuts: low-rank adapters (arXiv 2106.09685) on the denoiser's spatial attention."""

import copy
from collections.abc import Mapping
from pathlib import Path

from peft import LoraConfig as PeftConfig
from peft import get_peft_model_state_dict, inject_adapter_in_model
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import save_file
from torch import nn

from toontween.models.blocks.attention import SpatialTransformer
from toontween.models.unet import ToonUNet
from toontween.training.config import LoraConfig, VideoConfig
from toontween.training.networks import Networks
from toontween.training.objectives.video import VideoObjective, build_pipeline
from toontween.training.selection import Named


class LoraObjective(VideoObjective):
    """The denoiser's objective, learned by adapters alone.

    Args:
        networks: The model; its denoiser is given adapters, which do nothing yet.
        config: Their size, and the objective's settings.
    """

    def __init__(self, networks: Networks, config: LoraConfig) -> None:
        super().__init__(
            networks,
            VideoConfig(
                variant="freeze-temporal",
                conditioning=config.conditioning,
                dropout=config.dropout,
                loss_weighting=config.loss_weighting,
                sample_steps=config.sample_steps,
            ),
        )
        self.networks = {"unet": networks.unet}
        self.frozen = {**self.frozen, "image_projector": networks.image_projector}
        self._adapters = PeftConfig(
            r=config.rank,
            lora_alpha=config.alpha,
            target_modules=spatial_linears(networks.unet),
            init_lora_weights=True,
        )
        inject_adapter_in_model(self._adapters, networks.unet)

    def trained(self) -> dict[str, Named]:
        """The adapters."""
        named = [
            (f"unet.{name}", value)
            for name, value in self.parts.unet.named_parameters()
            if ".lora_" in name
        ]
        return {"generator": named}

    def export(self, folder: Path, *, measures: Mapping[str, float]) -> None:
        """Write the adapters, in the form other tools read, and the model with the adapters worked in."""
        del measures
        adapters = get_peft_model_state_dict(self.parts.unet)
        save_file(
            {n: v.detach().cpu().contiguous() for n, v in adapters.items()},
            folder / "adapters.safetensors",
        )
        self._adapters.save_pretrained(str(folder))
        unet = copy.deepcopy(self.parts.unet)
        work_in(unet)
        pipe = build_pipeline(self.parts)
        pipe.register_modules(unet=unet)
        pipe.save_pretrained(str(folder))


def spatial_linears(unet: ToonUNet) -> list[str]:
    """Full names of the linear layers of every transformer over the pixels of a frame."""
    return [
        f"{place}.{name}"
        for place, module in unet.named_modules()
        if isinstance(module, SpatialTransformer)
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and "attention" in name
    ]


def work_in(unet: nn.Module) -> None:
    """Add every adapter to the layer it stands beside and leave the plain layer."""
    for place, module in list(unet.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()  # pyright: ignore[reportCallIssue]  every kind of tuner layer has it
            owner, _, name = place.rpartition(".")
            setattr(unet.get_submodule(owner), name, module.get_base_layer())
