"""The catalogue of methods: every name under which in-betweens can be asked for.

Methods are imported only when they are built, so that listing them costs nothing.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from toontween.errors import InputError
from toontween.interpolators.base import Interpolator
from toontween.interpolators.checks import like
from toontween.registry import Registry

METHODS = Registry(
    "method",
    {
        "hold": "toontween.interpolators.classical.hold:HoldInterpolator",
        "crossfade": "toontween.interpolators.classical.crossfade:CrossfadeInterpolator",
        "flow": "toontween.interpolators.classical.flow:FlowInterpolator",
        "phase": "toontween.interpolators.classical.phase:PhaseInterpolator",
        "toon": "toontween.interpolators.toon:ToonInterpolator",
        "film": "toontween.interpolators.learned.film.method:FilmInterpolator",
        "rife": "toontween.interpolators.learned.rife.method:RifeInterpolator",
        "raft-flow": "toontween.interpolators.learned.raft.method:RaftFlowInterpolator",
        "animeinterp": "toontween.interpolators.learned.animeinterp.method:AnimeInterpInterpolator",
        "eisai": "toontween.interpolators.learned.eisai.method:EisaiInterpolator",
        "sepconv": "toontween.interpolators.learned.sepconv.method:SepConvInterpolator",
        "resepconv": "toontween.interpolators.learned.resepconv.method:ReSepConvInterpolator",
        "gmfss": "toontween.interpolators.learned.gmfss.method:GmfssInterpolator",
        "phasenet": "toontween.interpolators.learned.phasenet.method:PhaseNetInterpolator",
        "seine": "toontween.interpolators.learned.seine.method:SeineInterpolator",
    },
)
"""Method name → the class that draws with it."""


def build(name: str, **options: Any) -> Interpolator:
    """Build the interpolator of a method.

    Args:
        name: A name in `METHODS`.
        options: Keyword arguments of the method's constructor.

    Raises:
        UnknownNameError: There is no such method.
        InputError: The method has no such option, lacks a needed one, or refuses its value.
        UnavailableError: The method needs something that is not here.
    """
    method = METHODS.load(name)
    known = inspect.signature(method).parameters
    for option in options:
        if option not in known:
            listed = ", ".join(known) or "none"
            raise InputError(
                f"method {name!r} has no option {option!r}", hint=f"its options: {listed}"
            )
    missing = [
        parameter.name
        for parameter in known.values()
        if parameter.default is parameter.empty and parameter.name not in options
    ]
    if missing:
        raise InputError(f"method {name!r} needs {', '.join(missing)}")
    return method(**options)


def build_for(
    name: str, *, device: str, options: Mapping[str, Any]
) -> tuple[Interpolator, dict[str, Any]]:
    """The interpolator of a method on a device, and the options left for its requests.

    Options that the method's constructor knows (`dtype` of `toon`) go there, the others to every request.

    Args:
        name: A name in `METHODS`.
        device: `auto`, `cpu`, `cuda`, …
        options: Settings by their own names.

    Raises:
        UnknownNameError, UnavailableError: As for `build`.
        InputError: As for `build`, or the method cannot use the device.
    """
    known = inspect.signature(METHODS.load(name)).parameters
    built = {
        option: like(known[option].default, value)
        for option, value in options.items()
        if option in known
    }
    rest = {option: value for option, value in options.items() if option not in known}
    if "device" in known:
        built.setdefault("device", device)
    elif device.partition(":")[0] not in ("auto", "cpu"):
        raise InputError(f"method {name!r} runs on the CPU, not on {device!r}")
    return build(name, **built), rest
