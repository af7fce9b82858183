"""What provenance says of a colouring: where the references were, and from which window every drawing came."""

from collections.abc import Mapping, Sequence
from typing import Any

from toontween.rendering.colouring.references import PlacedReferences
from toontween.rendering.colouring.sheets import Sheet
from toontween.rendering.colouring.windows import Window


def describe_method(
    name: str, windows: Sequence[Window], details: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The method with what is the same in all windows, and each window with the rest.

    Args:
        name: The method's name.
        windows: As they were drawn.
        details: What the method said of each.
    """
    first = details[0]
    same = {key: first[key] for key in first if all(d.get(key) == first[key] for d in details)}
    return {
        "name": name,
        "details": same,
        "windows": [
            {
                "keys": [window.first, window.last],
                "drawings": list(window.drawings),
                "asked": list(window.asked),
                "generation": window.generation,
                **{key: value for key, value in one.items() if key not in same},
            }
            for window, one in zip(windows, details, strict=True)
        ],
    }


def describe_references(
    placed: PlacedReferences, records: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each reference with its drawings, the positions at which it was a key, and why."""
    described: list[dict[str, Any]] = []
    for index, record in enumerate(records):
        drawings = placed.drawings_of(index)
        agreements = {n: placed.agreements[n] for n in drawings if n in placed.agreements}
        described.append(
            {
                **record,
                "drawings": drawings,
                "key_at": sorted(p for p, owner in placed.positions.items() if owner == index),
                "agreement": {
                    str(number): {"found": round(a.found, 4), "used": round(a.used, 4)}
                    for number, a in agreements.items()
                },
            }
        )
    return described


def describe_drawings(
    sheets: Sequence[Sheet],
    placed: PlacedReferences,
    windows: Sequence[Window],
    references: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Every drawing: a reference, or coloured in one of the windows (counted from 0)."""
    window_of = {n: index for index, window in enumerate(windows) for n in window.drawings}
    described: list[dict[str, Any]] = []
    for number, sheet in enumerate(sheets, start=1):
        entry: dict[str, Any] = {"number": number, "sketch": sheet.name}
        if number in placed.positions:
            name = references[placed.positions[number]]["name"]
            entry |= {"kind": "key", "reference": name}
        else:
            index = window_of[number]
            entry |= {"kind": "coloured", "window": index}
            entry |= {"generation": windows[index].generation}
        described.append(entry)
    return described
