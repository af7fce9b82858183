"""Videos and animations: size, rate, count, colours, alpha and metadata survive the trip."""

import itertools
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from toontween.errors import MediaError
from toontween.media.images import STILL_SUFFIXES, write_still
from toontween.media.video import (
    VIDEO_SUFFIXES,
    available_encoders,
    holds_exactly,
    is_video,
    probe,
    read_video,
    write_video,
)

RATES = [
    Fraction(24_000, 1001),
    Fraction(24),
    Fraction(12),
    Fraction(30_000, 1001),
    Fraction(25, 2),
]
EXACT = [
    (suffix, channels, kind)
    for suffix in (".mkv", ".apng", ".png", ".webp")
    for channels in (3, 4)
    for kind in (np.uint8, np.uint16)
    if (suffix, kind) != (".webp", np.uint16)
]


def noise(count, height=7, width=9, channels=3, kind: type = np.uint8):
    levels = np.iinfo(kind).max + 1
    shape = (count, height, width, channels)
    return list(np.random.default_rng(0).integers(0, levels, shape).astype(kind))


def smooth(count, height, width, channels=3, kind: type = np.uint8):
    """Soft gradients, which lossy codecs keep well."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    planes = [[x, y, np.full_like(x, i / count), 0.5 + x / 2][:channels] for i in range(count)]
    return [(np.stack(p, axis=-1) * np.iinfo(kind).max).astype(kind) for p in planes]


def fraction(pixels):
    return pixels.astype(float) / np.iinfo(pixels.dtype).max


@pytest.mark.parametrize(("suffix", "channels", "kind"), EXACT)
def test_an_exact_format_returns_every_frame(tmp_path, suffix, channels, kind):
    first, second = noise(2, channels=channels, kind=kind)
    frames = [first, first, second, second, second, first]
    path = tmp_path / f"a{suffix}"
    write_video(path, frames, fps=Fraction(12))
    found = list(read_video(path))
    assert len(found) == len(frames)
    assert all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(found, frames, strict=True)
    )
    assert holds_exactly(path, first)


@effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([".mkv", ".apng", ".webp"]),
    st.tuples(
        st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.sampled_from([3, 4])
    ).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 128, 255]))),
)
def test_any_small_animation_survives(tmp_path, suffix, frames):
    path = tmp_path / f"a{suffix}"
    write_video(path, frames, fps=Fraction(24), overwrite=True)
    assert np.array_equal(np.stack(list(read_video(path))), frames)
    assert probe(path).num_frames == len(frames)


@effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(
        st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.sampled_from([3, 4])
    ).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 128, 255])))
)
def test_a_gif_returns_what_it_promises_to(tmp_path, frames):
    path = tmp_path / "a.gif"
    write_video(path, frames, fps=Fraction(24), overwrite=True)
    found = list(read_video(path))
    assert len(found) == len(frames)
    for before, after in zip(frames, found, strict=True):
        if holds_exactly(path, before):
            assert np.array_equal(before, after)


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_the_rate_and_the_number_of_frames_are_exact(tmp_path, suffix, fps):
    path = tmp_path / f"a{suffix}"
    still, other = smooth(2, 16, 16)
    write_video(path, [still, still, other, other, other, still, still], fps=fps)
    info = probe(path)
    assert info.fps == fps
    assert info.num_frames == 7
    assert len(list(read_video(path))) == 7


@pytest.mark.parametrize(
    "fps", [Fraction(60_000, 1001), Fraction(120), Fraction(1), Fraction(7, 3)]
)
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mov", ".mkv", ".apng", ".webp"])
def test_unusual_rates_are_exact(tmp_path, suffix, fps):
    path = tmp_path / f"a{suffix}"
    write_video(path, smooth(5, 16, 16), fps=fps)
    assert probe(path).fps == fps


@given(st.integers(1, 60), st.sampled_from([1, 1001]), st.integers(1, 40))
@effort(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rounded_delays_never_hide_the_rate(tmp_path, whole, denominator, count):
    fps = Fraction(whole * 1000 if denominator == 1001 else whole, denominator)
    frames = [np.zeros((1, 1, 3), np.uint8)] * count
    for suffix in [".webp"] + [".gif"] * (fps <= 50):
        path = tmp_path / f"a{suffix}"
        write_video(path, frames, fps=fps, overwrite=True)
        assert probe(path).fps == fps


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1, 1), (5, 1), (1, 5), (700, 1)])
@pytest.mark.parametrize("suffix", [".mkv", ".apng"])
def test_thin_pictures_are_exact_too(tmp_path, suffix, size, kind):
    frames = noise(3, *size, channels=4, kind=kind)
    write_video(tmp_path / f"a{suffix}", frames, fps=Fraction(24))
    assert np.array_equal(list(read_video(tmp_path / f"a{suffix}")), frames)


COLOURS = list(itertools.product((0, 96, 255), repeat=3))


@pytest.mark.parametrize("size", [(16, 16), (1080, 32)], ids=["small", "large"])
@pytest.mark.parametrize(("suffix", "tolerance"), [(".mp4", 4), (".webm", 4), (".mov", 1.5)])
def test_colours_do_not_shift(tmp_path, suffix, tolerance, size):
    colours = COLOURS if size == (16, 16) else COLOURS[::9]
    frames = [np.full((*size, 3), colour, np.uint8) for colour in colours]
    path = tmp_path / f"a{suffix}"
    write_video(path, frames, fps=Fraction(24))
    for colour, found in zip(colours, read_video(path), strict=True):
        assert np.abs(fraction(found) * 255 - colour).max() <= tolerance


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mov"])
def test_colours_are_tagged(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_video(path, smooth(2, 16, 16), fps=Fraction(24))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1


def test_other_programs_see_the_same_colours(tmp_path):
    """FFmpeg's own conversion, which goes by the tags alone."""
    path = tmp_path / "a.mp4"
    write_video(path, [np.full((32, 32, 3), (200, 40, 90), np.uint8)] * 3, fps=Fraction(24))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        rgb = frame.reformat(format="rgb24", src_colorspace=frame.colorspace).to_ndarray()
    assert np.abs(rgb[16, 16].astype(int) - (200, 40, 90)).max() <= 3


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".webm", ".mov"])
def test_alpha_survives_in_webm_and_prores(tmp_path, suffix, kind):
    frames = smooth(4, 33, 35, 4, kind)
    frames[0][:8, :8, 3] = 0
    frames[0][-8:, -8:, 3] = np.iinfo(kind).max
    path = tmp_path / f"a{suffix}"
    write_video(path, frames, fps=Fraction(24))
    assert probe(path).has_alpha
    found = list(read_video(path))
    assert found[0].shape == (33, 35, 4)
    assert np.abs(fraction(found[0][..., 3]) - fraction(frames[0][..., 3])).mean() < 0.02
    assert fraction(found[0])[-2, -2, 3] == 1
    assert fraction(found[0])[1, 1, 3] <= 2 / 255


@pytest.mark.parametrize(("suffix", "mean"), [(".mp4", 0.02), (".webm", 0.02), (".mov", 0.005)])
def test_lossy_formats_come_close_and_say_so(tmp_path, suffix, mean):
    frames = smooth(5, 32, 48)
    path = tmp_path / f"a{suffix}"
    write_video(path, frames, fps=Fraction(24))
    for before, after in zip(frames, read_video(path), strict=True):
        assert np.abs(fraction(before) - fraction(after)).mean() < mean
    assert not holds_exactly(path, frames[0])


def test_prores_keeps_more_than_8_bits(tmp_path):
    ramp = np.linspace(20_000, 24_000, 512).astype(np.uint16)
    frame = np.broadcast_to(ramp[None, :, None], (16, 512, 3))
    write_video(tmp_path / "a.mov", [frame], fps=Fraction(24))
    found = next(read_video(tmp_path / "a.mov"))
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - frame).mean() < 40  # one step of 8 bits is 257


@pytest.mark.parametrize("size", [(33, 35), (1, 1), (2, 3)])
def test_mp4_doubles_an_odd_row_or_column(tmp_path, size):
    frames = smooth(3, *size)
    path = tmp_path / "a.mp4"
    write_video(path, frames, fps=Fraction(24))
    height, width = size[0] + size[0] % 2, size[1] + size[1] % 2
    info = probe(path)
    assert (info.height, info.width) == (height, width)
    found = next(read_video(path))
    assert found.shape == (height, width, 3)
    if size[1] % 2:
        assert np.abs(found[:, -1].astype(int) - found[:, -2]).max() <= 6


@pytest.mark.parametrize("suffix", [".webm", ".mov", ".mkv", ".gif", ".webp", ".apng"])
def test_odd_sizes_are_kept_elsewhere(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_video(path, smooth(3, 33, 35), fps=Fraction(24))
    assert (probe(path).height, probe(path).width) == (33, 35)


def test_opaque_frames_with_alpha_may_become_mp4(tmp_path):
    frames = smooth(2, 16, 16, 4)
    for frame in frames:
        frame[..., 3] = 255
    write_video(tmp_path / "a.mp4", frames, fps=Fraction(24))
    assert next(read_video(tmp_path / "a.mp4")).shape == (16, 16, 3)


def test_metadata_stands_in_the_file(tmp_path):
    text = {"Software": "ToonTween", "Comment": "hällo"}
    for suffix in (".mp4", ".mov", ".webm", ".mkv"):
        write_video(tmp_path / f"a{suffix}", smooth(2, 16, 16), fps=Fraction(24), text=text)
        with av.open(str(tmp_path / f"a{suffix}")) as container:
            joined = " ".join(container.metadata.values())
        assert "ToonTween" in joined
        assert "hällo" in joined
    for suffix, field in ((".gif", "comment"), (".webp", "xmp"), (".apng", "Comment")):
        write_video(tmp_path / f"a{suffix}", smooth(2, 16, 16), fps=Fraction(24), text=text)
        with Image.open(tmp_path / f"a{suffix}") as image:
            value = image.info[field]
        assert "hällo" in (value.decode() if isinstance(value, bytes) else str(value))


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_the_same_frames_make_the_same_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        write_video(tmp_path / f"{name}{suffix}", smooth(6, 32, 48), fps=Fraction(24))
    first, second = (tmp_path / f"{name}{suffix}" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_of_other_programs_are_read(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "green", "blue")]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, lossless=True)
    info = probe(path)
    assert (info.fps, info.num_frames) == (25, 3)
    found = [frame[3, 3, :3].tolist() for frame in read_video(path)]
    assert found == [[255, 0, 0], [0, 128, 0], [0, 0, 255]]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_players_see_every_drawing_for_its_time(tmp_path, suffix):
    """Pillow, as a player: frames at 24 a second, ten of them, last 10/24 s."""
    path = tmp_path / f"a{suffix}"
    write_video(path, noise(10), fps=Fraction(24))
    total = 0
    with Image.open(path) as image:
        for index in range(10):
            image.seek(index)
            image.load()
            total += image.info["duration"]
    assert total == pytest.approx(10 / 24 * 1000, abs=6)


def test_a_turned_video_is_turned_upright(tmp_path):
    path = tmp_path / "a.mp4"
    frame = np.zeros((32, 48, 3), np.uint8)
    frame[:16, :24] = 255
    write_video(path, [frame] * 2, fps=Fraction(24))
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    struct.pack_into(">9i", data, matrix, 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    assert (probe(path).width, probe(path).height) == (32, 48)
    upright = next(read_video(path))
    assert upright.shape == (48, 32, 3)
    assert upright[4, -4, 0] > 250
    assert upright[4, 4, 0] < 5


def test_untagged_video_is_read_by_its_height(tmp_path):
    """Without tags 480 lines mean BT.601 and 720 lines mean BT.709."""
    for height, matrix in ((480, 5), (720, 1)):
        path = tmp_path / f"{height}.mkv"
        rgb = np.full((height, 32, 3), (200, 40, 90), np.uint8)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ffv1", rate=24)
            stream.width, stream.height, stream.pix_fmt = 32, height, "yuv444p"
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame = frame.reformat(format="yuv444p", dst_colorspace=matrix)
            frame.colorspace = 2
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        found = next(read_video(path))
        assert np.abs(found[5, 5].astype(int) - (200, 40, 90)).max() <= 2


def test_the_encoders_of_the_supported_pyav_are_all_there():
    assert available_encoders() == dict.fromkeys([".mp4", ".m4v", ".webm", ".mov", ".mkv"], True)


@pytest.mark.parametrize(
    ("name", "pixels", "expected"),
    [
        ("%04d.png", noise(1, channels=4, kind=np.uint16)[0], True),
        ("%04d.tiff", noise(1, kind=np.uint16)[0], True),
        ("a.tga", noise(1)[0], True),
        ("a.tga", noise(1, kind=np.uint16)[0], False),
        ("a.webp", noise(1, channels=4)[0], True),
        ("a.webp", np.zeros((1, 16_384, 3), np.uint8), False),
        ("a.jpg", noise(1)[0], False),
        ("a.MP4", noise(1)[0], False),
        ("a.webm", noise(1)[0], False),
        ("a.gif", np.zeros((4, 4, 3), np.uint8), True),
        ("a.gif", noise(1, 20, 20)[0], False),
        ("a.gif", np.full((4, 4, 4), 128, np.uint8), False),
    ],
)
def test_which_containers_hold_which_pixels_exactly(name, pixels, expected):
    assert holds_exactly(Path(name), pixels) is expected


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_a_video_is_told_from_a_still(tmp_path, suffix):
    write_video(tmp_path / f"film{suffix}", noise(2), fps=Fraction(12))
    assert is_video(tmp_path / f"film{suffix}")


@pytest.mark.parametrize("suffix", sorted(STILL_SUFFIXES))
def test_a_still_is_told_from_a_video(tmp_path, suffix):
    write_still(tmp_path / f"still{suffix}", noise(1)[0])
    assert not is_video(tmp_path / f"still{suffix}")


@pytest.mark.parametrize("data", [b"RIFF0000WEBPVP8X", b"\x89PNG", b"?"])
def test_the_stump_of_a_picture_is_no_video(tmp_path, data):
    (tmp_path / "a.webp").write_bytes(data)
    assert not is_video(tmp_path / "a.webp")


def test_a_missing_file_is_neither(tmp_path):
    with pytest.raises(MediaError, match="there is no file"):
        is_video(tmp_path / "a.mp4")
