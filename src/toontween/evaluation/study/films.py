"""The films of a study: frames of a report under names that say nothing, in files that say nothing either.

All files of a clip are made equally long, for a method that draws little makes small files. They hold pixels and padding only.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from toontween.evaluation.store import to_grid
from toontween.media.files import atomic_output
from toontween.media.images import encode_still, webp_chunk

SUFFIX = ".webp"
FILMS_FOLDER = "clips"
"""In the folder for voters."""

TOKEN_LENGTH = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is read as something else

_BLOCKS = 9
"""A spoilt drawing has so many blocks along its shorter side: coarse enough to be seen at a glance."""

_FLICKER = 0.35
"""Spoilt drawings are by turns so much darker and lighter, as part of the full range."""


def new_tokens(count: int, random: np.random.Generator) -> list[str]:
    """Different names without meaning."""
    tokens: dict[str, None] = {}
    while len(tokens) < count:
        letters = random.integers(len(_ALPHABET), size=TOKEN_LENGTH)
        tokens["".join(_ALPHABET[letter] for letter in letters)] = None
    return list(tokens)


def spoil(
    frames: UInt8[np.ndarray, "t h w 3"], random: np.random.Generator
) -> UInt8[np.ndarray, "t h w 3"]:
    """A copy that is worse by every question: in-betweens out of order, in coarse blocks, flickering; the keys are kept.

    Args:
        frames: Both keys at the ends.
        random: Decides the order.
    """
    shuffled = frames[1:-1][random.permutation(len(frames) - 2)].astype(np.float32)
    height, width = frames.shape[1:3]
    side = max(2, min(height, width) // _BLOCKS)
    rows, columns = -(-height // side), -(-width // side)
    padded = np.pad(
        shuffled,
        ((0, 0), (0, rows * side - height), (0, columns * side - width), (0, 0)),
        mode="edge",
    )
    blocks = padded.reshape(-1, rows, side, columns, side, 3).mean(axis=(2, 4))
    coarse = blocks.repeat(side, axis=1).repeat(side, axis=2)[:, :height, :width]
    sign = np.where(np.arange(len(coarse)) % 2, 1, -1)[:, None, None, None]
    spoilt = np.rint(np.clip(coarse + sign * _FLICKER * 255, 0, 255)).astype(np.uint8)
    return np.concatenate([frames[:1], spoilt, frames[-1:]])


def write_films(
    folder: Path, films: Mapping[str, UInt8[np.ndarray, "t h w 3"]], random: np.random.Generator
) -> None:
    """Write all films of one clip as lossless grids of one length in bytes.

    Args:
        folder: It must be there.
        films: Token → frames.
        random: Of the padding.

    Raises:
        OutputError: A grid is too large for the format, or it cannot be written.
    """
    encoded = {
        token: encode_still(Path(token + SUFFIX), to_grid(frames))
        for token, frames in films.items()
    }
    longest = max(map(len, encoded.values()))
    for token in sorted(encoded):
        with atomic_output(folder / (token + SUFFIX), overwrite=False) as temporary:
            temporary.write_bytes(_padded(encoded[token], longest, random))


def _padded(webp: bytes, length: int, random: np.random.Generator) -> bytes:
    """The file with a chunk that readers pass over (RFC 9649 §2.7, unknown chunks), `length` and 8 bytes long."""
    body = webp + webp_chunk(b"FILL", random.bytes(length - len(webp)))
    return body[:4] + (len(body) - 8).to_bytes(4, "little") + body[8:]
