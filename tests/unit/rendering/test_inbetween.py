"""The one-call door: `toontween.inbetween`."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import toontween as tt
from tests.cli.drawings import drawing
from toontween.errors import InputError, ShapeError, ToonTweenWarning, UnknownNameError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.catalog import build
from toontween.media.images import write_still

FIRST, LAST = drawing(32, 24, at=0.4), drawing(32, 24, at=0.5)


def test_fourteen_drawings_without_the_keys_by_default():
    drawings = tt.inbetween(FIRST, LAST)
    assert len(drawings) == 14
    assert all(image.size == (32, 24) and image.mode == "RGB" for image in drawings)


def test_files_images_and_arrays_give_the_same_drawings(tmp_path):
    for name, pixels in [("a", FIRST), ("b", LAST)]:
        write_still(tmp_path / f"{name}.png", pixels)
    by_array = tt.inbetween(FIRST, LAST, count=2)
    by_path = tt.inbetween(tmp_path / "a.png", str(tmp_path / "b.png"), count=2)
    by_image = tt.inbetween(Image.fromarray(FIRST), Image.fromarray(LAST), count=2)
    assert [np.asarray(i).tolist() for i in by_path] == [np.asarray(i).tolist() for i in by_array]
    assert [np.asarray(i).tolist() for i in by_image] == [np.asarray(i).tolist() for i in by_array]


def test_transparent_images_of_any_mode_give_transparent_drawings():
    cel = Image.fromarray(drawing(32, 24, at=0.4, channels=4))
    grey = Image.new("LA", (32, 24), (10, 0))
    assert [image.mode for image in tt.inbetween(cel, grey, count=1)] == ["RGBA"]


def test_deep_keys_give_the_nearest_eight_bit_drawings():
    deep = drawing(32, 24, at=0.4, dtype=np.uint16)
    [ours] = tt.inbetween(deep, deep, count=1, method="hold")
    assert np.array_equal(np.asarray(ours), np.rint(deep / 257).astype(np.uint8))


def test_a_method_can_be_named_configured_or_brought_along():
    held = tt.inbetween(FIRST, LAST, count=1, method=build("hold"))
    named = tt.inbetween(FIRST, LAST, count=1, method="hold")
    assert np.array_equal(np.asarray(held[0]), np.asarray(named[0]))
    assert tt.inbetween(FIRST, LAST, count=1, method="flow", sharpness=5)


class Following(Interpolator):
    """Holds the first key and remembers which drawings had a sketch."""

    name = "following"
    capabilities = Capabilities(timing=Timing.ANY_TIME, sketches=True)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        self.sketched = sorted(request.sketches)
        return InbetweenResult(drawings=[request.first] * len(request.times))


def test_sketches_are_numbered_as_the_result_is():
    rough = np.full((24, 32, 3), 255, np.uint8)
    rough[10:12, 4:28] = 0
    following = Following()
    tt.inbetween(FIRST, LAST, count=3, method=following, sketches={0: rough, 2: rough})
    assert following.sketched == [0, 2]
    with pytest.raises(InputError, match="in-between 3 of 3"):
        tt.inbetween(FIRST, LAST, count=3, method=following, sketches={3: rough})


def test_what_is_doubtful_is_a_warning():
    blank = np.full((24, 32, 3), 255, np.uint8)
    with pytest.warns(ToonTweenWarning) as caught:
        tt.inbetween(FIRST, LAST, count=1, method=Following(), sketches={0: blank})
    assert any("blank" in str(one.message) for one in caught)


def test_line_drawings_stay_on_their_ground():
    layer = np.zeros((24, 32, 4), np.uint8)
    layer[10:12, 4:28, 3] = 255
    [drawn] = tt.inbetween(layer, layer, count=1, line_art=True)
    assert np.array_equal(np.asarray(drawn)[..., 3], layer[..., 3])


def test_wrong_arguments_are_refused():
    with pytest.raises(UnknownNameError, match="flwo"):
        tt.inbetween(FIRST, LAST, method="flwo")
    with pytest.raises(InputError, match="count 0"):
        tt.inbetween(FIRST, LAST, count=0)
    with pytest.raises(ShapeError, match="float"):
        tt.inbetween(FIRST / 255, LAST)


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, toontween; print(sorted({'torch', 'numpy', 'cv2', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = tt.nonsense
    assert set(dir(tt)) == set(tt.__all__)
