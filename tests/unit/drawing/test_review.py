"""Contact sheets and onion skins."""

import numpy as np
import pytest

from toontween.drawing.review import contact_sheet, onion_skin
from toontween.errors import InputError, ShapeError

KEY_FRAME = (224, 92, 48)


def flat(height: int, width: int, colour: tuple[int, ...], dtype: type = np.uint8) -> np.ndarray:
    return np.full((height, width, len(colour)), colour, dtype=dtype)


def has(sheet: np.ndarray, colour: tuple[int, ...]) -> int:
    return int(np.all(sheet == np.array(colour), axis=2).sum())


def test_small_drawings_keep_every_pixel():
    sheet = contact_sheet([[flat(20, 30, (10, 200, 30)), flat(20, 30, (10, 30, 200))]])
    assert sheet.dtype == np.uint8
    assert has(sheet, (10, 200, 30)) == has(sheet, (10, 30, 200)) == 600


def test_large_drawings_are_scaled_down_to_the_width_and_keep_their_shape():
    sheet = contact_sheet([[flat(1080, 1920, (9, 9, 9))] * 6], max_width_px=1000)
    assert sheet.shape[1] <= 1000
    area = has(sheet, (9, 9, 9)) / 6
    width = (area * 1920 / 1080) ** 0.5
    assert width == pytest.approx((1000 - 6) / 6 - 6, rel=0.03)


def test_a_fine_pattern_is_averaged_when_it_is_scaled_down():
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    sheet = contact_sheet([[stripes]], max_width_px=112)
    middle = sheet[sheet.shape[0] // 2, 20:-20].astype(int)
    assert np.abs(middle - 127).max() < 12


def test_transparency_shows_as_a_checkerboard_and_opaque_pixels_do_not():
    cel = flat(40, 40, (200, 0, 0, 0))
    cel[:20, :, 3] = 255
    sheet = contact_sheet([[cel]])
    assert has(sheet, (200, 0, 0)) == 800
    assert has(sheet, (255, 255, 255)) == pytest.approx(400, abs=64)
    assert has(sheet, (222, 222, 222)) == pytest.approx(400, abs=64)


def test_sixteen_bits_are_shown_in_eight():
    sheet = contact_sheet([[flat(20, 20, (65535, 0, 32896), np.uint16)]])
    assert has(sheet, (255, 0, 128)) == 400


def test_the_first_and_last_drawing_are_framed_as_keys():
    row = [flat(20, 20, (0, 0, 0))] * 4
    ring = 26 * 26 - 20 * 20
    assert has(contact_sheet([row]), KEY_FRAME) == 2 * ring
    assert has(contact_sheet([row], keys=(1,)), KEY_FRAME) == ring
    assert has(contact_sheet([row], keys=()), KEY_FRAME) == 0


def test_a_long_row_goes_on_below():
    row = [flat(20, 30, (1, 2, 3))] * 7
    wide, folded = contact_sheet([row]), contact_sheet([row], columns=3)
    assert folded.shape[1] < wide.shape[1]
    assert folded.shape[0] > 2 * wide.shape[0]
    assert has(folded, (1, 2, 3)) == 7 * 600


def test_labels_are_written_beside_their_rows():
    rows = [[flat(30, 40, (200, 200, 200))], [flat(30, 40, (200, 200, 200))]]
    bare, named = contact_sheet(rows), contact_sheet(rows, labels=["truth", "crossfade"])
    added = named.shape[1] - bare.shape[1]
    assert added > 40
    for top in (0, named.shape[0] // 2):
        assert (named[top : top + named.shape[0] // 2, :added] < 100).any()


def test_rows_may_differ_in_length_and_size_and_be_empty():
    sheet = contact_sheet(
        [[flat(10, 40, (7, 7, 7))], [], [flat(40, 10, (8, 8, 8))] * 3], labels="abc"
    )
    assert has(sheet, (7, 7, 7)) == 400
    assert has(sheet, (8, 8, 8)) == 1200


def test_impossible_sheets_are_refused():
    picture = flat(4, 4, (0, 0, 0))
    with pytest.raises(InputError, match="at least one drawing"):
        contact_sheet([[], []])
    with pytest.raises(InputError, match="2 labels for 1 rows"):
        contact_sheet([[picture]], labels=["a", "b"])
    with pytest.raises(InputError, match="0 columns"):
        contact_sheet([[picture]], columns=0)
    with pytest.raises(ShapeError):
        contact_sheet([[picture[..., 0]]])


def test_an_onion_skin_tints_the_first_drawing_warm_and_the_last_one_cool():
    first, last = flat(10, 10, (255, 255, 255)), flat(10, 10, (255, 255, 255))
    first[2, 2] = last[7, 7] = 0
    skin = onion_skin([first, last]).astype(int)
    assert skin[2, 2, 0] > skin[2, 2, 2] + 50
    assert skin[7, 7, 2] > skin[7, 7, 0] + 50
    assert skin[0, 0].tolist() == [255, 255, 255]


def test_an_onion_skin_shows_what_stands_still_faintly():
    still = flat(4, 4, (0, 0, 0))
    assert onion_skin([still, still]).min() > 150


def test_an_onion_skin_reads_alpha_over_white():
    cel = flat(4, 4, (0, 0, 0, 0))
    assert onion_skin([cel]).min() == 255


def test_onion_skins_of_nothing_or_of_different_sizes_are_refused():
    with pytest.raises(InputError, match="at least one"):
        onion_skin([])
    with pytest.raises(ShapeError, match="differ"):
        onion_skin([flat(4, 4, (0, 0, 0)), flat(4, 5, (0, 0, 0))])
