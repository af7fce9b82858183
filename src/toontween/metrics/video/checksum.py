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
    side, two bytes at a time, and which are then joined: 51 MB take half a second.
    """
    crc = 0xFFFFFFFF
    lanes = len(content) // _LANE
    if lanes > 1:
        pairs = np.frombuffer(content, "<u2", lanes * _LANE // 2).reshape(lanes, -1)
        state = np.zeros(lanes, np.uint32)
        state[0] = crc
        table = _pair_table()
        for column in np.ascontiguousarray(pairs.T):
            state = table[(state ^ column) & 0xFFFF] ^ (state >> np.uint32(16))
        crc = 0
        for lane in state.tolist():
            crc = _skip_lane(crc) ^ lane
        content = content[lanes * _LANE :]
    entries = _byte_table().tolist()
    for byte in content:
        crc = entries[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@functools.cache
def _byte_table() -> np.ndarray:
    """Of every byte, the checksum's state that it leaves."""
    return _after_zeros(np.arange(256, dtype=np.uint32), 1)


@functools.cache
def _pair_table() -> np.ndarray:
    """The same of every two bytes."""
    return _after_zeros(np.arange(65536, dtype=np.uint32), 2)


@functools.cache
def _lane_tables() -> list[list[int]]:
    """What a lane of zeros makes of each byte of the state, four lists of 256."""
    state = np.arange(256, dtype=np.uint32) << (8 * np.arange(4, dtype=np.uint32)[:, None])
    return _after_zeros(state, _LANE).tolist()


def _after_zeros(state: np.ndarray, num_bytes: int) -> np.ndarray:
    """The states after so many bytes of zeros, bit by bit."""
    for _ in range(8 * num_bytes):
        state = np.where(state & 1, state >> 1 ^ np.uint32(_POLYNOMIAL), state >> 1)
    return state


def _skip_lane(crc: int) -> int:
    """The state after a lane of zeros."""
    first, second, third, fourth = _lane_tables()
    return first[crc & 0xFF] ^ second[crc >> 8 & 0xFF] ^ third[crc >> 16 & 0xFF] ^ fourth[crc >> 24]
