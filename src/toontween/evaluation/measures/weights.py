"""Networks of measures: where they are, given by a person or pulled by name, each loaded once in a process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

from toontween.checkpoints.hub import is_here, model_folder
from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import way_to_get
from toontween.checkpoints.published.catalogue import MODELS
from toontween.errors import UnavailableError, UnknownNameError
from toontween.registry import Registry
from toontween.runtime import read_settings

Loaded = TypeVar("Loaded")

SQUEEZENET, I3D, CLIP, CLIP_TOKENIZER = "squeezenet", "i3d", "clip", "clip-tokenizer"
I3D_UNKNOWN = "i3d-unknown"
BACKBONES: Mapping[str, str] = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}
"""LPIPS' name of a backbone → ours."""

NAMES: Mapping[str, str] = {
    SQUEEZENET: "the expanded float32 .npz of the deep-compressed SqueezeNet v1.0",
    I3D: "I3D trained on Kinetics-400 from scratch (i3d_pretrained_400.pt)",
    I3D_UNKNOWN: "I3D with any other weights, whose distances are a measure of their own",
    CLIP: "a CLIP model: a folder of transformers' CLIPModel, or ToonCrafter's model.ckpt",
    CLIP_TOKENIZER: "CLIP's tokenizer: its folder, or the table of merges",
    "alexnet": "AlexNet for LPIPS",
    "vgg16": "VGG16 for LPIPS",
    "squeezenet1_1": "SqueezeNet 1.1 for LPIPS",
}
"""Name → what the file or folder is."""

_PULLED: Mapping[str, str] = {CLIP: "clip-vit-b-32", CLIP_TOKENIZER: "clip-vit-b-32"}
"""Our name → that of the catalogue, where they differ."""


class MeasureWeights:
    """Files and folders by name.

    Args:
        paths: What a person gave; anything else is looked for where `toontween weights pull` puts it.

    Raises:
        UnknownNameError: No measure has such a network.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        known = Registry("network of a measure", NAMES)
        for name in paths:
            known[name]
        self._paths = dict(paths)

    def find(self, name: str) -> Path:
        """Where a network is.

        Raises:
            UnavailableError: It is not here; the hint says how to get it.
        """
        given = self._paths.get(name)
        if given is not None:
            if not given.exists():
                raise UnavailableError(f"{name}: there is nothing at {given}")
            return given
        pulled = _PULLED.get(name, name)
        settings = read_settings()
        if pulled in MODELS and is_here(pulled, settings):
            model, folder = MODELS[pulled], model_folder(pulled, settings)
            single = model.contents is Contents.AS_IT_IS and not model.others
            return folder / model.weights.file if single else folder
        way = f"--weights {name}=PATH"
        if pulled in MODELS:
            way = f"{way_to_get(pulled)}; or {way}"
        raise UnavailableError(f"{NAMES[name]} is not here", hint=way)

    def load(self, name: str, read: Callable[[Path], Loaded]) -> Loaded:
        """A network, loaded once in this process.

        Args:
            name: Of the network.
            read: Reads it; the same function for the same name.

        Raises:
            UnavailableError: It is not here.
            CheckpointError: It is something else.
        """
        path = self.find(name)
        key = (name, path.resolve())
        if key not in _LOADED:
            _LOADED[key] = read(path)
        return cast("Loaded", _LOADED[key])

    def has(self, name: str) -> bool:
        """Whether a network is here."""
        try:
            self.find(name)
        except (UnavailableError, UnknownNameError):
            return False
        return True


_LOADED: dict[tuple[str, Path], object] = {}
