"""A report's folder belongs to one suite and one protocol a measure: numbers that differ in either never mix."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toontween.errors import MediaError, OutputError
from toontween.evaluation.measures.base import Measure
from toontween.evaluation.suite import Suite, describe
from toontween.media.files import disk_errors, write_json
from toontween.metrics.protocol import MeasureProtocol

ORDER_NAME = "protocol.json"
"""In the report's folder: the suite, and measure → protocol of all that was ever measured there."""


def claim_report(folder: Path, suite: Suite, measures: Sequence[Measure]) -> None:
    """Make sure that a folder may be added to, and write down what for; it is made when it is not there.

    Args:
        folder: Of the report.
        suite: The clips.
        measures: What will be measured.

    Raises:
        OutputError: It is of another suite, a measure in it has another protocol, it holds other things, or it cannot
            be written.
        MediaError: What it was begun with cannot be read.
    """
    with disk_errors(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise OutputError(f"{folder} is not a folder", hint="choose another name") from error
    path = folder / ORDER_NAME
    known = read_order(folder)
    if known is None and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty and no report", hint="choose another folder")
    wanted = describe(suite)
    known = known or {"suite": wanted, "measures": {}}
    for name, value in wanted.items():
        if known["suite"].get(name) != value:
            raise OutputError(
                f"{folder} was begun with other clips: {name} {known['suite'].get(name)} there, {value} here",
                hint="choose another folder",
            )
    protocols: dict[str, Any] = known["measures"]
    for measure in measures:
        old = protocols.setdefault(measure.name, measure.protocol.record())
        differences = MeasureProtocol(**old).differences(measure.protocol)
        if differences:
            raise OutputError(
                f"{folder} holds {measure.name} by another protocol ({'; '.join(differences)})",
                hint="numbers of two protocols cannot stand in one table: choose another folder",
            )
    write_json(path, known, overwrite=True)


def read_order(folder: Path) -> dict[str, Any] | None:
    """What a report's folder was begun with; None when it is no report.

    Raises:
        MediaError: It cannot be read.
    """
    path = folder / ORDER_NAME
    if not path.is_file():
        return None
    hint = "choose another folder"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be read: {error}", hint=hint) from error
    if not isinstance(known, dict) or not {"suite", "measures"} <= known.keys():
        raise MediaError(f"{path} does not say what the folder was begun with", hint=hint)
    return known
