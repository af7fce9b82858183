"""What a number was measured by, said beside the number.

A measure without its protocol says little: the Fréchet distance of the same clips changes by per cents with the way
they were resized. Two numbers may stand in one table only when their protocols are equal.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from toontween.errors import InputError

Setting = str | int | float
"""One thing a protocol fixes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasureProtocol:
    """Everything that decides a measure's value apart from the pictures; equal when all of it is equal.

    Raises:
        InputError: The measure or version has no name, or a setting is not a text or a number.
    """

    measure: str
    """Name of the measure, such as `fvd`."""

    version: str
    """Which definition of it: a published protocol's name, or a number that grows when values change."""

    settings: Mapping[str, Setting] = field(default_factory=dict)
    """What is fixed, by name: frames, resize rule, range, covariance, network, …; kept sorted and unchangeable."""

    def __post_init__(self) -> None:
        """Refuse what could not be compared or printed; take a copy of the settings."""
        if not self.measure or not self.version:
            raise InputError("a protocol needs the name of its measure and a version")
        for name, value in self.settings.items():
            if not isinstance(value, str | int | float) or _is_nan(value):
                raise InputError(f"{name}={value!r} is neither a text nor a number")
        ordered = MappingProxyType(dict(sorted(self.settings.items())))
        object.__setattr__(self, "settings", ordered)

    def __hash__(self) -> int:
        """Equal protocols have equal hashes."""
        return hash((self.measure, self.version, tuple(self.settings.items())))

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Copies and processes are given the same values; a read-only mapping cannot be pickled as it is."""
        values = self.record()
        return functools.partial(MeasureProtocol, **values), ()

    def describe(self) -> str:
        """One line to print beside a number, such as `fvd (lvdm): covariance=1/(n-1), frames=16, …`."""
        settings = ", ".join(f"{name}={_written(value)}" for name, value in self.settings.items())
        return f"{self.measure} ({self.version})" + (f": {settings}" if settings else "")

    def record(self) -> dict[str, Any]:
        """The same as plain values for a report in JSON; `MeasureProtocol(**record)` gives it back."""
        return {
            "measure": self.measure,
            "version": self.version,
            "settings": dict(self.settings),
        }

    def differences(self, other: "MeasureProtocol") -> list[str]:
        """In what two protocols differ, such as `resize: stretch or centre crop`; nothing when they are equal."""
        ours = {"measure": self.measure, "version": self.version, **self.settings}
        theirs = {"measure": other.measure, "version": other.version, **other.settings}
        names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        return [
            f"{name}: {_written(ours.get(name))} or {_written(theirs.get(name))}" for name in names
        ]


def _written(value: Setting | None) -> str:
    """A value as reports print it."""
    if value is None:
        return "nothing"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.10g}"
    return str(value)


def _is_nan(value: Setting) -> bool:
    """A number that is no number is not even equal to itself."""
    return isinstance(value, float) and math.isnan(value)
