import numpy as np
import pytest
import torch

from tests.unit.metrics.toon_frames import noisy, toon_frame
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import to_frames
from toontween.metrics.palette import NOTICEABLE, FlatColours, flat_colours, key_palette

KEYS = to_frames([toon_frame(0), toon_frame(8)])
MIDDLE = toon_frame(4)


def measured(picture: np.ndarray | torch.Tensor, keys: torch.Tensor = KEYS) -> FlatColours:
    frames = picture[None] if isinstance(picture, torch.Tensor) else to_frames([picture])
    return flat_colours(frames, key_palette(keys))[0]


def test_a_true_inbetween_of_flat_drawings_has_neither_drift_nor_noise():
    found = measured(MIDDLE)
    assert found.drifted == 0
    assert found.drift == pytest.approx(0, abs=1e-5)
    assert found.noise == pytest.approx(0, abs=1e-4)
    assert found.covered > 0.85


def test_the_palette_is_that_of_both_keys():
    keys = to_frames([toon_frame(0, seed=0), toon_frame(0, seed=3)])
    for seed in (0, 3):
        assert measured(toon_frame(4, seed=seed), keys).drifted == 0
    assert measured(toon_frame(4, seed=3)).drifted > 0.05


def test_noise_grows_with_grain_and_drift_does_not_hide_in_it():
    found = [measured(noisy(MIDDLE, 1, sigma)) for sigma in (1.0, 2.0, 4.0, 8.0)]
    noise = [frame.noise for frame in found]
    assert noise == sorted(noise)
    assert noise[-1] > 4 * noise[0]
    assert all(frame.covered > 0.85 for frame in found)  # grain does not break areas up


def test_a_cast_is_drift_but_no_noise():
    found = measured(to_frames([MIDDLE])[0] * 0.9)
    assert found.drifted == 1
    assert found.drift > NOTICEABLE
    assert found.noise < 0.5


def test_a_shift_below_the_noticeable_counts_in_the_mean_alone():
    found = measured(np.clip(MIDDLE.astype(np.int16) + 1, 0, 255).astype(np.uint8))
    assert found.drifted == 0
    assert 0 < found.drift < NOTICEABLE


def test_a_double_exposure_drifts():
    found = measured(KEYS.mean(dim=0))
    assert found.drifted > 0.1
    assert found.drift > 3


def test_a_frame_with_nothing_flat_is_measured_everywhere():
    static = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = measured(static)
    assert found.covered < 0.05
    assert found.drifted > 0.9
    assert found.noise > 10


def test_gradients_of_the_keys_are_in_no_area():
    across = np.linspace(0, 255, 96).astype(np.uint8)
    ramp = np.stack([np.tile(across, (64, 1))] * 3, axis=-1)
    ramp[:, :48] = (200, 40, 40)
    keys = to_frames([ramp, ramp])
    found = measured(ramp, keys)
    assert 0.3 < found.covered < 0.55
    assert found.drifted == 0


def test_painted_keys_have_no_flat_colours_to_keep():
    static = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    palette = key_palette(static)
    assert not len(palette.colours)
    with pytest.raises(InputError, match="painted"):
        flat_colours(static, palette)


def test_grey_frames_have_no_colours():
    with pytest.raises(ShapeError, match="RGB"):
        key_palette(torch.zeros(2, 1, 8, 8))


def test_a_frame_that_is_not_finite_is_named():
    frames = torch.cat([KEYS, KEYS])
    frames[3, 0, 5, 5] = float("nan")
    with pytest.raises(InputError, match="frame 3"):
        flat_colours(frames, key_palette(KEYS))
