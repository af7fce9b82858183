"""What has been drawn and measured so far, on disk: one folder a clip, three files a method.

`clips/CLIP/METHOD.webp` holds the frames without loss, as a grid that the report's pages show as it is;
`METHOD.json` what was measured, and what decided it; `METHOD.npz` feature vectors. A record whose digest is not the
wanted one is drawn again, so a changed method, clip or seed never mixes with old drawings.
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

from toontween.errors import InputError, MediaError
from toontween.media.files import atomic_output, disk_errors, write_json
from toontween.media.images import read_still, write_still

FORMAT = 1
"""Version of the records' form."""

_LONGEST_SIDE_PX = 16_383
"""Of a WebP picture."""


@dataclass(kw_only=True)
class Record:
    """What is known of one method on one clip."""

    digest: str
    """Of the clip, the method and all that decides what it draws."""

    seconds: float
    """Wall time of drawing."""

    shape: tuple[int, int, int]
    """Frames, height, width."""

    details: Mapping[str, Any] = field(default_factory=dict)
    """What the method says of how it drew."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Measure → {"value": number or None where the clip has none, "protocol": record}."""

    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Name of features → protocol of what they are for."""


class Store:
    """The folder `clips` of a report.

    Args:
        folder: Of the report.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clips"

    def record(self, clip: str, label: str, digest: str) -> Record | None:
        """What is known, if it was made from the same things and all of its files are there.

        Raises:
            MediaError: The record is damaged.
        """
        record = self.latest(clip, label)
        if record is None or record.digest != digest or not self.picture(clip, label).is_file():
            return None
        is_whole = not record.features or self._path(clip, label, ".npz").is_file()
        return record if is_whole else None

    def latest(self, clip: str, label: str) -> Record | None:
        """What is known, whatever it was made from; None when there is nothing.

        Raises:
            MediaError: The record is damaged.
        """
        path = self._path(clip, label, ".json")
        if not path.is_file():
            return None
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            if known.pop("format") != FORMAT:
                return None
            known["shape"] = tuple(known["shape"])
            return Record(**known)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MediaError(
                f"{path} is damaged: {error}", hint="delete it and run again"
            ) from error

    def frames(self, clip: str, label: str, record: Record) -> UInt8[np.ndarray, "t h w 3"]:
        """The frames of a record.

        Raises:
            MediaError: They are not there or damaged.
        """
        grid = read_still(self.picture(clip, label)).pixels[..., :3]
        count, height, width = record.shape
        columns = columns_of(count, height, width)
        rows = -(-count // columns)
        if grid.shape[:2] != (rows * height, columns * width):
            raise MediaError(
                f"{self.picture(clip, label)} is not what its record says",
                hint="delete both and run again",
            )
        cells = grid.reshape(rows, height, columns, width, 3).swapaxes(1, 2)
        return np.ascontiguousarray(cells.reshape(-1, height, width, 3)[:count])

    def features(self, clip: str, label: str, name: str) -> Shaped[np.ndarray, "n ..."]:
        """Feature vectors of a record, or the method's own drawings of the keys.

        Raises:
            MediaError: They are not there or damaged.
        """
        path = self._path(clip, label, ".npz")
        known = _read_arrays(path, only=name)
        if name not in known:
            raise MediaError(f"{path} has no {name!r}", hint="delete it and run again")
        return known[name]

    def picture(self, clip: str, label: str) -> Path:
        """The file with the frames."""
        return self._path(clip, label, ".webp")

    def write(
        self,
        clip: str,
        label: str,
        record: Record,
        *,
        frames: UInt8[np.ndarray, "t h w 3"] | None = None,
        features: Mapping[str, Shaped[np.ndarray, "n ..."]] | None = None,
    ) -> None:
        """Keep a record, and with it the frames when they are new, and new features beside the old ones.

        Raises:
            OutputError: It cannot be written.
            MediaError: The old features are damaged.
            InputError: No picture holds so many frames.
        """
        place = self.folder / clip
        with disk_errors(place):
            place.mkdir(parents=True, exist_ok=True)
        if frames is not None:
            # the old record first: a crash must not leave it beside new frames
            self._path(clip, label, ".json").unlink(missing_ok=True)
            self._path(clip, label, ".npz").unlink(missing_ok=True)
            write_still(self.picture(clip, label), to_grid(frames), overwrite=True)
        if features:
            self._add_features(self._path(clip, label, ".npz"), features)
        known = {"format": FORMAT, **vars(record), "shape": list(record.shape)}
        write_json(self._path(clip, label, ".json"), known, overwrite=True)

    def _add_features(self, path: Path, features: Mapping[str, np.ndarray]) -> None:
        arrays: dict[str, Any] = dict(_read_arrays(path)) if path.is_file() else {}
        with atomic_output(path, overwrite=True) as temporary:
            buffer = io.BytesIO()
            np.savez(buffer, **{**arrays, **features})
            temporary.write_bytes(buffer.getvalue())

    def _path(self, clip: str, label: str, suffix: str) -> Path:
        return self.folder / clip / f"{label}{suffix}"


def _read_arrays(path: Path, *, only: str | None = None) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files if only in (None, name)}
    except FileNotFoundError as error:
        raise MediaError(f"{path} is not there", hint="run again") from error
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        hint = "delete it and run again"
        raise MediaError(f"{path} is damaged: {error}", hint=hint) from error


def columns_of(count: int, height: int, width: int) -> int:
    """How many frames of a size stand side by side in a grid: as many as below each other, if a picture holds that.

    Raises:
        InputError: No picture holds so many.
    """
    widest, highest = _LONGEST_SIDE_PX // width, _LONGEST_SIDE_PX // height
    if widest * highest < count:
        raise InputError(
            f"{count} frames of {width}×{height} do not fit one picture of {_LONGEST_SIDE_PX} pixels a side",
            hint="give fewer --frames or a smaller --size",
        )
    columns = min(math.ceil(math.sqrt(count)), widest)
    return max(columns, -(-count // highest))


def to_grid(frames: UInt8[np.ndarray, "t h w 3"]) -> UInt8[np.ndarray, "y x 3"]:
    """Frames in rows from left to right; missing ones at the end are black.

    Raises:
        InputError: No picture holds so many.
    """
    count, height, width, _ = frames.shape
    columns = columns_of(count, height, width)
    rows = -(-count // columns)
    padded = np.zeros((rows * columns, height, width, 3), np.uint8)
    padded[:count] = frames
    cells = padded.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return np.ascontiguousarray(cells.reshape(rows * height, columns * width, 3))
