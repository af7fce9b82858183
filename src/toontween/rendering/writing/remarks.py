"""Warnings about many drawings, each said once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_LISTED = 4
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(slots=True)
class _Remark:
    text: str
    names: list[str] = field(default_factory=list[str])
    """The first drawings it holds for."""

    count: int = 0
    """How many there are in all."""


class Remarks:
    """Warnings as they come up, drawing after drawing; those that differ only in numbers are one."""

    def __init__(self) -> None:
        self._by_kind: dict[str, _Remark] = {}

    def add(self, text: str, *, drawing: str) -> None:
        """Note a warning about one drawing, which the text need not name."""
        remark = self._by_kind.setdefault(_NUMBER.sub("#", text), _Remark(text))
        remark.count += 1
        if len(remark.names) < _LISTED:
            remark.names.append(drawing)

    def summary(self) -> list[str]:
        """One sentence for every kind of warning: the first in its own words, with the drawings it holds for."""
        return [f"{listed(r.names, r.count)}: {r.text}" for r in self._by_kind.values()]


def listed(names: Sequence[str], count: int) -> str:
    """The first few names, and how many more there are of `count` in all."""
    if count <= _LISTED:
        return ", ".join(names)
    return f"{', '.join(names[:_LISTED])} and {count - _LISTED} more"
