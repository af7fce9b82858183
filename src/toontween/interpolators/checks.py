"""What every interpolator checks before it draws: the request against its capabilities, options against settings."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from toontween.errors import InputError, UnavailableError
from toontween.interpolators.base import InbetweenRequest, Interpolator
from toontween.runtime import free_memory_bytes


@runtime_checkable
class Settings(Protocol):
    """A frozen dataclass whose fields are a method's settings."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


SettingsT = TypeVar("SettingsT", bound=Settings)


def check_request(interpolator: Interpolator, request: InbetweenRequest) -> None:
    """Refuse what the interpolator's capabilities do not declare.

    Raises:
        InputError: The request has a prompt, sketches or transparency that would be ignored.
    """
    name, can = interpolator.name, interpolator.capabilities
    if request.prompt and not can.text:
        raise InputError(f"method {name!r} does not read a prompt", hint="leave the prompt out")
    if request.sketches and not can.sketches:
        raise InputError(f"method {name!r} is not steered by sketches", hint="leave them out")
    if request.first.shape[2] == 4 and not can.alpha:
        raise InputError(
            f"method {name!r} cannot draw transparency", hint="put the keys on a background"
        )


def check_memory(method: str, request: InbetweenRequest, *, bytes_per_pixel: int) -> None:
    """Refuse pictures that would not fit into memory, before any work and before the system ends the program.

    Args:
        method: The method's name, for the message.
        request: What is to be drawn.
        bytes_per_pixel: The method's measured peak per pixel, the drawings themselves not counted.

    Raises:
        UnavailableError: More memory is needed than is free.
    """
    height, width, channels = request.first.shape
    drawings = 4 * channels * len(request.times)
    needed, free = height * width * (bytes_per_pixel + drawings), free_memory_bytes()
    if needed > free:
        raise UnavailableError(
            f"method {method!r} needs about {needed / 1e9:.1f} GB for drawings of {width}×{height}; "
            f"{free / 1e9:.1f} GB are free",
            hint="draw smaller, or use another method (hold, crossfade and flow need less than phase)",
        )


def override(settings: SettingsT, options: Mapping[str, Any], *, method: str) -> SettingsT:
    """Settings with some fields replaced by a request's options.

    Args:
        settings: A frozen dataclass that checks its own values.
        options: Field name → value.
        method: The method's name, for the message.

    Raises:
        InputError: An option is not a field, or the settings refuse its value.
    """
    check_options(method, options, known=[field.name for field in dataclasses.fields(settings)])
    values = {name: like(getattr(settings, name), value) for name, value in options.items()}
    return dataclasses.replace(settings, **values)


def like(old: object, value: Any) -> Any:
    """A whole number for a setting that has a fraction: 5 means 5.0 there."""
    return float(value) if isinstance(old, float) and type(value) is int else value


def check_options(method: str, options: Mapping[str, Any], *, known: Sequence[str]) -> None:
    """Refuse options a method does not have.

    Raises:
        InputError: An option is not among the known ones.
    """
    for option in options:
        if option not in known:
            hint = f"its options: {', '.join(known) or 'none'}"
            raise InputError(f"method {method!r} has no option {option!r}", hint=hint)


def check_number(name: str, value: object, *, at_least: float, at_most: float) -> None:
    """Refuse a setting that is not a finite number within its range.

    Raises:
        InputError: The value is no number, not finite, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} {value!r} is not a number")
    if not at_least <= value <= at_most:
        raise InputError(f"{name} {value} is not within {at_least:g}…{at_most:g}")


def check_whole_number(name: str, value: object, *, at_least: int, at_most: int) -> None:
    """Refuse a setting that is not a whole number within its range.

    Raises:
        InputError: The value is no whole number, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{name} {value!r} is not a whole number")
    if not at_least <= value <= at_most:
        raise InputError(f"{name} {value} is not within {at_least}…{at_most}")
