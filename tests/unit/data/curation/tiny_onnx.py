"""A network that takes bright places for text, as the bytes of an ONNX file."""

import struct
from pathlib import Path

_FLOAT = 1


def write_bright_is_text(path: Path) -> Path:
    """One 1×1 convolution and a sigmoid: near 1 where a picture is white, near 0 where it is black."""
    weight = _tensor("w", (1, 3, 1, 1), [4.0, 4.0, 4.0])
    bias = _tensor("b", (1,), [-4.0])
    graph = (
        _bytes(1, _node("Conv", ("x", "w", "b"), "c"))
        + _bytes(1, _node("Sigmoid", ("c",), "y"))
        + _bytes(2, b"bright")
        + _bytes(5, weight)
        + _bytes(5, bias)
        + _bytes(11, _value("x", (1, 3, 64, 96)))
        + _bytes(12, _value("y", (1, 1, 64, 96)))
    )
    opset = _bytes(1, b"") + _number(2, 13)
    path.write_bytes(_number(1, 8) + _bytes(7, graph) + _bytes(8, opset))
    return path


def _node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
    names = b"".join(_bytes(1, name.encode()) for name in inputs)
    return names + _bytes(2, output.encode()) + _bytes(4, kind.encode())


def _tensor(name: str, shape: tuple[int, ...], values: list[float]) -> bytes:
    dims = b"".join(_number(1, side) for side in shape)
    raw = struct.pack(f"<{len(values)}f", *values)
    return dims + _number(2, _FLOAT) + _bytes(8, name.encode()) + _bytes(9, raw)


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, side)) for side in shape)
    kind = _bytes(1, _number(1, _FLOAT) + _bytes(2, dims))
    return _bytes(1, name.encode()) + _bytes(2, kind)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
