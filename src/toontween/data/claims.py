"""A folder of results belongs to one order: what it was begun with is written down, and nothing else goes on in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toontween.errors import MediaError, OutputError
from toontween.media.files import disk_errors, write_json


def claim_folder(folder: Path, name: str, wanted: Mapping[str, Any]) -> None:
    """Make sure that a folder of shards is an order's, and write down that it is; the folder is made when it is not there.

    Args:
        folder: Of the results.
        name: Of the file that says what the folder was begun with.
        wanted: All that decides the bytes of the results, as JSON knows it.

    Raises:
        OutputError: The folder holds other results, or cannot be written.
        MediaError: What it was begun with cannot be read.
    """
    with disk_errors(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise OutputError(f"{folder} is not a folder", hint="choose another name") from error
    path = folder / name
    if not path.exists():
        if any(folder.glob("[!.]*.tar")):
            raise OutputError(f"{folder} holds shards already", hint="choose another folder")
        write_json(path, dict(wanted), overwrite=False)
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be read: {error}", hint="choose another folder") from error
    if found != wanted:
        wrong = next((key for key in wanted if found.get(key) != wanted[key]), "contents")
        there, here = found.get(wrong), wanted.get(wrong)
        is_long = isinstance(here, list | dict)
        told = f"{wrong!r} differs" if is_long else f"{wrong} {there} there, {here} here"
        raise OutputError(
            f"{folder} was begun with other settings: {told}", hint="choose another folder"
        )
