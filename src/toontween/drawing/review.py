"""Looking at drawings side by side: contact sheets and onion skins.

Works on pixels as files hold them, uint8 or uint16, RGB or RGBA with straight alpha; gives RGB of 8 bits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from toontween.errors import InputError, ShapeError
from toontween.media.frames import check_pixels

_PAPER = (246, 246, 244)
_TEXT = (40, 40, 44)
_KEY_FRAME = (224, 92, 48)
_INBETWEEN_FRAME = (196, 196, 194)
_CHECKS = ((255, 255, 255), (222, 222, 222))
_CHECK_PX = 8
_GUTTER_PX = 6
_KEY_FRAME_PX = 3
_SMALLEST_CELL_PX = 16
_WARM = np.array([0.90, 0.22, 0.14])
_COOL = np.array([0.12, 0.34, 0.86])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Grid:
    """Where everything goes, pixels."""

    columns: int
    bands: int
    rows: int
    cell: tuple[int, int]
    label: int

    @property
    def size(self) -> tuple[int, int]:
        width = self.label + self.columns * (self.cell[0] + _GUTTER_PX) + _GUTTER_PX
        lines = self.rows * self.bands
        return width, lines * (self.cell[1] + _GUTTER_PX) + self.bands * _GUTTER_PX

    def corner(self, row: int, index: int) -> tuple[int, int]:
        """Top left corner of a cell; long rows go on in further bands below."""
        band, column = divmod(index, self.columns)
        line = band * self.rows + row
        x = self.label + _GUTTER_PX + column * (self.cell[0] + _GUTTER_PX)
        return x, _GUTTER_PX + band * _GUTTER_PX + line * (self.cell[1] + _GUTTER_PX)


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    *,
    labels: Sequence[str] = (),
    keys: Collection[int] | None = None,
    columns: int = 16,
    max_width_px: int = 2400,
) -> UInt8[np.ndarray, "h w 3"]:
    """A sheet with one row of drawings for each method, or whatever the rows stand for.

    Large drawings are scaled down, never up; their shape is kept. Transparency shows as a checkerboard. Keys have a
    thick coloured frame, in-betweens a thin grey one.

    Args:
        rows: The drawings of each row, (h, w, 3 or 4), uint8 or uint16; rows may differ in length and size.
        labels: One name for each row, or none at all.
        keys: Indices of the keys in every row; the first and last of each row when None.
        columns: Drawings side by side; longer rows are continued below.
        max_width_px: Widest the sheet becomes, unless cells would fall below 16 pixels.

    Raises:
        InputError: There is nothing to show, a label is missing, or a number is not positive.
        ShapeError: An array is not a picture.
    """
    _check(rows, labels, columns, max_width_px)
    font = ImageFont.load_default(15)
    grid = _plan(rows, [str(label) for label in labels], font, columns, max_width_px)
    sheet = Image.new("RGB", grid.size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    for row, drawings in enumerate(rows):
        framed = {0, len(drawings) - 1} if keys is None else set(keys)
        for index, drawing in enumerate(drawings):
            _place(sheet, pen, grid.corner(row, index), grid.cell, drawing, is_key=index in framed)
        if labels:
            for start in range(0, max(len(drawings), 1), grid.columns):
                y = grid.corner(row, start)[1] + grid.cell[1] // 2
                pen.text((_GUTTER_PX, y), str(labels[row]), fill=_TEXT, font=font, anchor="lm")
    return np.asarray(sheet)


def onion_skin(drawings: Sequence[np.ndarray]) -> UInt8[np.ndarray, "h w 3"]:
    """All drawings over each other on pale paper: what moves is tinted, warm for the first to cool for the last.

    Args:
        drawings: At least one, (h, w, 3 or 4), uint8 or uint16, all of one size.

    Raises:
        InputError: There is no drawing.
        ShapeError: An array is not a picture, or the sizes differ.
    """
    if not drawings:
        raise InputError("an onion skin needs at least one drawing")
    for drawing in drawings:
        check_pixels(drawing)
        if drawing.shape[:2] != drawings[0].shape[:2]:
            raise ShapeError(
                f"the drawings differ: {drawing.shape[:2]} and {drawings[0].shape[:2]}"
            )
    grey = np.stack([_luminance(drawing) for drawing in drawings])
    paper = grey.max(axis=0)
    seen = np.repeat((0.72 + 0.28 * paper)[..., None], 3, axis=2)
    for share, one in zip(np.linspace(0, 1, len(drawings)), grey, strict=True):
        tint = _WARM + (_COOL - _WARM) * share
        seen = np.minimum(seen, 1.0 - (paper - one)[..., None] * (1.0 - tint) * 1.2)
    return np.rint(np.clip(seen, 0.0, 1.0) * 255).astype(np.uint8)


def _check(
    rows: Sequence[Sequence[np.ndarray]], labels: Sequence[str], columns: int, max_width_px: int
) -> None:
    if not any(len(drawings) for drawings in rows):
        raise InputError("a contact sheet needs at least one drawing")
    if labels and len(labels) != len(rows):
        raise InputError(f"{len(labels)} labels for {len(rows)} rows")
    if columns < 1 or max_width_px < 1:
        raise InputError(f"{columns} columns on {max_width_px} pixels cannot be laid out")
    for drawings in rows:
        for drawing in drawings:
            check_pixels(drawing)


def _plan(
    rows: Sequence[Sequence[np.ndarray]],
    labels: Sequence[str],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    columns: int,
    max_width_px: int,
) -> _Grid:
    """One cell size for all: that of the largest drawing, scaled down until a band fits the width."""
    longest = max(len(drawings) for drawings in rows)
    columns = min(columns, longest)
    widest = max(drawing.shape[1] for drawings in rows for drawing in drawings)
    tallest = max(drawing.shape[0] for drawings in rows for drawing in drawings)
    label = max((int(font.getlength(text)) + _GUTTER_PX for text in labels), default=0)
    room = (max_width_px - label - _GUTTER_PX) // columns - _GUTTER_PX
    width = max(min(widest, room), min(widest, _SMALLEST_CELL_PX))
    height = max(round(tallest * width / widest), 1)
    if labels:
        height = max(height, 18)
    return _Grid(
        columns=columns,
        bands=-(-longest // columns),
        rows=len(rows),
        cell=(width, height),
        label=label,
    )


def _place(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    cell: tuple[int, int],
    drawing: np.ndarray,
    *,
    is_key: bool,
) -> None:
    """Put a drawing into the middle of its cell, with its frame around it."""
    height, width = drawing.shape[:2]
    scale = min(cell[0] / width, cell[1] / height, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    picture = Image.fromarray(_eight_bits(drawing))
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    x, y = (corner[axis] + (cell[axis] - size[axis]) // 2 for axis in (0, 1))
    if picture.mode == "RGBA":
        ground = _checkerboard(*size)
        ground.paste(picture, (0, 0), picture)
        picture = ground
    sheet.paste(picture, (x, y))
    thick = _KEY_FRAME_PX if is_key else 1
    colour = _KEY_FRAME if is_key else _INBETWEEN_FRAME
    pen.rectangle(
        (x - thick, y - thick, x + size[0] + thick - 1, y + size[1] + thick - 1),
        outline=colour,
        width=thick,
    )


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _checkerboard(width: int, height: int) -> Image.Image:
    rows, columns = np.arange(height) // _CHECK_PX, np.arange(width) // _CHECK_PX
    odd = (rows[:, None] + columns[None, :]) % 2
    return Image.fromarray(np.array(_CHECKS, dtype=np.uint8)[odd])


def _luminance(pixels: np.ndarray) -> np.ndarray:
    """Brightness 0…1 over white."""
    picture = _eight_bits(pixels) / 255.0
    grey = picture[..., :3] @ np.array([0.299, 0.587, 0.114])
    return grey if picture.shape[2] == 3 else 1.0 - picture[..., 3] * (1.0 - grey)
