"""Clips that were seen before: perceptual hashes, compared exactly but not all with all."""

from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import UInt8

NEAR = 7
"""Most bits of 64 in which the hashes of near-duplicates differ."""

_BANDS = NEAR + 1


def hash_of(drawing: UInt8[np.ndarray, "h w 3"]) -> int:
    """64 bits that say where the lowest frequencies of a drawing are over their median."""
    grey = cv2.cvtColor(
        cv2.resize(drawing, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    low = cv2.dct(grey.astype(np.float32))[:8, :8].flatten()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


class SeenClips:
    """Clips by the hashes of some of their drawings.

    Two hashes that differ in no more than `NEAR` bits agree in at least one of `NEAR` + 1 bands, so only clips that share
    a band are compared.
    """

    def __init__(self) -> None:
        self._clips: list[tuple[str, tuple[int, ...]]] = []
        self._by_band: dict[tuple[int, int], list[int]] = defaultdict(list)

    def find(self, hashes: Sequence[int]) -> str | None:
        """Key of the first clip whose hashes are all near these; None when there is none."""
        near = {number for band in _bands(hashes[0]) for number in self._by_band.get(band, ())}
        for number in sorted(near):
            key, others = self._clips[number]
            pairs = zip(hashes, others, strict=True)
            if all((one ^ other).bit_count() <= NEAR for one, other in pairs):
                return key
        return None

    def add(self, key: str, hashes: Sequence[int]) -> None:
        """Remember a clip."""
        for band in _bands(hashes[0]):
            self._by_band[band].append(len(self._clips))
        self._clips.append((key, tuple(hashes)))


def _bands(value: int) -> list[tuple[int, int]]:
    width = 64 // _BANDS
    return [(band, (value >> (band * width)) & ((1 << width) - 1)) for band in range(_BANDS)]
