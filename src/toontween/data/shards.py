"""Clips in WebDataset shards: tar files that hold, for each clip, its pictures and what is known about it.

A sample is `KEY.npz` (frames, and lines and alpha where they are known, compressed without loss) and `KEY.json`. Shards are
written whole or not at all and are the same bytes for the same clips. Any WebDataset reader can stream them. Our own
reading goes by an index instead, because an interrupted training must go on at exactly the clip where it was:
`ShardSet` finds every clip by its number.
"""

import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from webdataset.writer import TarWriter

from toontween.data.clips import Clip
from toontween.errors import InputError, MediaError, OutputError
from toontween.media.files import atomic_output

CLIPS_PER_SHARD = 64
"""Clips in a shard unless told otherwise."""

_LAYERS = ("lines", "alpha")
_END_BYTES = 1024
"""Zeros at the end of a whole tar file."""


def clip_to_sample(clip: Clip) -> dict[str, Any]:
    """The members of a clip's sample in a shard: extension → bytes, and its key."""
    layers = {name: layer for name in _LAYERS if (layer := getattr(clip, name)) is not None}
    pictures = io.BytesIO()
    np.savez_compressed(pictures, frames=clip.frames, **layers)
    known = {
        "fps": clip.fps,
        "exposures": list(clip.exposures),
        "caption": clip.caption,
        "num_frames": len(clip),
        "size": [clip.frames.shape[2], clip.frames.shape[1]],
        "about": clip.about,
    }
    text = json.dumps(known, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return {"__key__": clip.key, "npz": pictures.getvalue(), "json": text.encode()}


def sample_to_clip(key: str, pictures: bytes, known: bytes) -> Clip:
    """The clip of a sample.

    Raises:
        MediaError: The sample is damaged; the message names it.
    """
    try:
        about = json.loads(known)
        with np.load(io.BytesIO(pictures), allow_pickle=False) as arrays:
            layers = {name: arrays[name] for name in ("frames", *_LAYERS) if name in arrays.files}
        return Clip(
            key=key,
            fps=float(about["fps"]),
            exposures=tuple(about["exposures"]),
            caption=about["caption"],
            about=about["about"],
            **layers,
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        OSError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise MediaError(f"clip {key!r} is damaged: {error}") from error


def write_shards(
    clips: Iterable[Clip], folder: Path, *, clips_per_shard: int = CLIPS_PER_SHARD
) -> list[Path]:
    """Write clips as `00000.tar`, `00001.tar`, … in their order; whole shards that are there already stay.

    Args:
        clips: The clips, read one at a time.
        folder: Where to; made when it is not there. Must hold no shards.
        clips_per_shard: Clips in each shard; the last may have fewer.

    Raises:
        InputError: Two clips have the same key, or a key cannot be a file name.
        OutputError: There are shards in the folder already, or it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.glob("[!.]*.tar")):
        raise OutputError(f"{folder} holds shards already", hint="choose another folder")
    written: list[Path] = []
    seen: set[str] = set()
    for number, batch in enumerate(_batches(clips, clips_per_shard)):
        for clip in batch:
            check_key(clip.key)
            if clip.key in seen:
                raise InputError(f"two clips are called {clip.key!r}")
            seen.add(clip.key)
        path = folder / f"{number:05d}.tar"
        write_shard(batch, path)
        written.append(path)
    return written


def write_shard(clips: Iterable[Clip], path: Path) -> None:
    """Write one shard, whole or not at all; same clips, same bytes. Clips are taken one at a time.

    Raises:
        OutputError: The shard exists or cannot be written.
    """
    with atomic_output(path, overwrite=False) as temporary, temporary.open("wb") as file:
        with TarWriter(file, mtime=0, user="", group="") as tar:
            for clip in clips:
                tar.write(clip_to_sample(clip))
        file.flush()


def check_key(key: str) -> None:
    """Refuse a name that cannot stand for a sample in a shard.

    Raises:
        InputError: It has other characters than letters, digits, `-` and `_`.
    """
    if not key or not all(letter.isalnum() or letter in "-_" for letter in key):
        hint = "use letters, digits, - and _"
        raise InputError(f"{key!r} cannot be the key of a clip", hint=hint)


@dataclass(frozen=True, slots=True)
class _Place:
    shard: int
    key: str
    offsets: dict[str, tuple[int, int]]


class ShardSet:
    """All clips of some shards, by number.

    Opening reads the headers of the tar files only. Objects can be sent to other processes.

    Args:
        paths: Shards, or folders of shards.

    Raises:
        MediaError: There is no shard, one is damaged, or two clips have the same key.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.shards = tuple(_find_shards(paths))
        self._places: list[_Place] = []
        for number, shard in enumerate(self.shards):
            self._places += _index(shard, number)
        keys = [place.key for place in self._places]
        if len(set(keys)) != len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise MediaError(f"two clips of {', '.join(map(str, paths))} are called {twice!r}")

    def __len__(self) -> int:
        """How many clips there are."""
        return len(self._places)

    @property
    def keys(self) -> list[str]:
        """Names of the clips, in order."""
        return [place.key for place in self._places]

    def __getitem__(self, number: int) -> Clip:
        """Read one clip.

        Raises:
            MediaError: The clip is damaged or its shard cannot be read; the message names it.
        """
        place = self._places[number]
        shard = self.shards[place.shard]
        members: dict[str, bytes] = {}
        try:
            with shard.open("rb") as file:
                for suffix, (offset, size) in place.offsets.items():
                    file.seek(offset)
                    members[suffix] = file.read(size)
        except OSError as error:
            raise MediaError(f"clip {place.key!r} in {shard} cannot be read: {error}") from error
        try:
            return sample_to_clip(place.key, members["npz"], members["json"])
        except MediaError as error:
            raise MediaError(f"{error.message}; it is in {shard}") from error

    def __iter__(self) -> Iterator[Clip]:
        """All clips in order."""
        return (self[number] for number in range(len(self)))


def _find_shards(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        # names that begin with a dot are leftovers of a write that was killed
        shards = sorted(path.glob("[!.]*.tar")) if path.is_dir() else [path]
        if not shards or not all(shard.is_file() for shard in shards):
            hint = "make some with toontween data synth, compose or curate"
            raise MediaError(f"there are no shards (*.tar) at {path}", hint=hint)
        found += shards
    return found


def _index(shard: Path, number: int) -> list[_Place]:
    places: dict[str, _Place] = {}
    try:
        size = shard.stat().st_size
        with shard.open("rb") as file:
            file.seek(max(0, size - _END_BYTES))
            ended = not any(file.read()) and size >= _END_BYTES
        with tarfile.open(shard, "r:") as tar:
            for member in tar:
                if not member.isfile():
                    continue
                if member.offset_data + member.size > size:
                    raise MediaError(f"{shard} ends in the middle of {member.name!r}")
                key, _, suffix = member.name.partition(".")
                place = places.setdefault(key, _Place(number, key, {}))
                place.offsets[suffix] = (member.offset_data, member.size)
    except (tarfile.TarError, OSError) as error:
        raise MediaError(f"{shard} is not a readable shard: {error}") from error
    if not ended:
        raise MediaError(f"{shard} is cut off", hint="make or copy it again")
    for place in places.values():
        if not {"npz", "json"} <= place.offsets.keys():
            raise MediaError(f"clip {place.key!r} in {shard} lacks its pictures or its description")
    return list(places.values())


def _batches(clips: Iterable[Clip], size: int) -> Iterator[list[Clip]]:
    batch: list[Clip] = []
    for clip in clips:
        batch.append(clip)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
