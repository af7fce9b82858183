"""Writes the bundled drawings: `python -m toontween.data.synthetic.bundled OUT`.

Each scene becomes a folder with its two keys, as frames, cels and line art, and the truth:
every drawing from key to key as frames, and the in-betweens as cels too.
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from toontween.data.synthetic.scenes import NUM_DRAWINGS, SCENES, Drawing, Scene, times
from toontween.errors import OutputError
from toontween.media.files import atomic_output
from toontween.media.images import png_chunk


def encode_png(pixels: UInt8[np.ndarray, "h w c"]) -> bytes:
    """A PNG of an RGB or RGBA picture, without metadata.

    No row filter: flat colours compress a fifth better without one, and Pillow cannot be told to leave it out.
    """
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), dtype=np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    colour_type = {3: 2, 4: 6}[channels]
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9)
    packed = packer.compress(rows.tobytes()) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def scene_files(scene: Scene) -> dict[str, bytes]:
    """The files of a scene: path inside its folder → contents."""
    files: dict[str, bytes] = {}
    drawings: list[Drawing] = []
    for number, time in enumerate(times(), start=1):
        drawing = scene.draw(time)
        drawings.append(drawing)
        files[f"truth/{number:04d}.png"] = encode_png(drawing.frame)
        if 1 < number < NUM_DRAWINGS:
            files[f"truth_cel/{number:04d}.png"] = encode_png(drawing.cel)
    for which, drawing in (("first", drawings[0]), ("last", drawings[-1])):
        files[f"key_{which}.png"] = encode_png(drawing.frame)
        files[f"cel_{which}.png"] = encode_png(drawing.cel)
        files[f"line_{which}.png"] = encode_png(drawing.line)
    return files


def write_bundled(folder: Path) -> list[Path]:
    """Write all bundled scenes below a folder, replacing what is there.

    Raises:
        OutputError: A file cannot be written.
    """
    written: list[Path] = []
    for scene in SCENES:
        for name, contents in scene_files(scene).items():
            path = folder / scene.name / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{path.parent} cannot be made: {error.strerror}") from error
            with atomic_output(path, overwrite=True) as temporary:
                temporary.write_bytes(contents)
            written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m toontween.data.synthetic.bundled OUT")
    write_bundled(Path(sys.argv[1]))
