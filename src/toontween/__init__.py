"""ToonTween: in-betweening for drawn animation.

The public names are imported when they are first used, so that `import toontween` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toontween.errors import (
        CheckpointError,
        InputError,
        MediaError,
        OutputError,
        ToonTweenError,
        UnavailableError,
    )
    from toontween.interpolators.base import Interpolator
    from toontween.media.images import read_still
    from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline
    from toontween.rendering.inbetween import inbetween
    from toontween.rendering.renderer import RenderSettings, render_keys
    from toontween.rendering.take import Take

__all__ = [
    "CheckpointError",
    "InputError",
    "Interpolator",
    "MediaError",
    "OutputError",
    "RenderSettings",
    "Take",
    "ToonInterpolationPipeline",
    "ToonTweenError",
    "UnavailableError",
    "inbetween",
    "read_still",
    "render_keys",
]

_HOMES = {
    "CheckpointError": "toontween.errors",
    "InputError": "toontween.errors",
    "Interpolator": "toontween.interpolators.base",
    "MediaError": "toontween.errors",
    "OutputError": "toontween.errors",
    "RenderSettings": "toontween.rendering.renderer",
    "Take": "toontween.rendering.take",
    "ToonInterpolationPipeline": "toontween.pipelines.toon_interpolation",
    "ToonTweenError": "toontween.errors",
    "UnavailableError": "toontween.errors",
    "inbetween": "toontween.rendering.inbetween",
    "read_still": "toontween.media.images",
    "render_keys": "toontween.rendering.renderer",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
