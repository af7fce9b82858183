"""The checksum that TensorFlow stores beside every variable, with which a copy of a variable is recognised in any file."""

import functools

import numpy as np
import torch
from torch import Tensor

_POLYNOMIAL = 0x82F63B78
"""Castagnoli's, bits reversed."""

_MASK_DELTA = 0xA282EAD8
_LANE = 1024


def masked_crc32c(tensor: Tensor) -> int:
    """Masked CRC-32C of a tensor's values as little-endian float32, in its own order of axes.

    Masked as TensorFlow stores it: rotated right by 15 bits, a constant added.
    """
    numbers = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
    crc = crc32c(numbers.astype("<f4", copy=False).tobytes())
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def crc32c(content: bytes) -> int:
    """CRC-32C (Castagnoli) of any number of bytes.

    The checksum is linear, so long contents are cut into lanes of equal length whose checksums numpy computes side by
    side, byte by byte, and which are then joined: 51 MB take half a second.
    """
    table = _table()
    crc = 0xFFFFFFFF
    lanes = len(content) // _LANE
    if lanes > 1:
        bytes_of = np.frombuffer(content, np.uint8, lanes * _LANE).reshape(lanes, _LANE)
        state = np.zeros(lanes, np.uint32)
        state[0] = crc
        for column in np.ascontiguousarray(bytes_of.T):
            state = table[(state ^ column) & 0xFF] ^ (state >> np.uint32(8))
        crc = 0
        for lane in state.tolist():
            crc = _skip_lane(crc) ^ lane
        content = content[lanes * _LANE :]
    entries = table.tolist()
    for byte in content:
        crc = entries[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@functools.cache
def _table() -> np.ndarray:
    """Of every byte, the checksum's state that it leaves."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@functools.cache
def _lane_tables() -> list[list[int]]:
    """What a lane of zeros makes of each byte of the state, four lists of 256."""
    state = np.arange(256, dtype=np.uint32) << (8 * np.arange(4, dtype=np.uint32)[:, None])
    table = _table()
    for _ in range(_LANE):
        state = table[state & 0xFF] ^ (state >> np.uint32(8))
    return state.tolist()


def _skip_lane(crc: int) -> int:
    """The state after a lane of zeros."""
    first, second, third, fourth = _lane_tables()
    return first[crc & 0xFF] ^ second[crc >> 8 & 0xFF] ^ third[crc >> 16 & 0xFF] ^ fourth[crc >> 24]
