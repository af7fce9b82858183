"""Videos that cannot be read or written, each with its own message."""

import resource
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from PIL import Image

from toontween.errors import InputError, MediaError, OutputError, ShapeError
from toontween.media.images import write_still
from toontween.media.video import VIDEO_SUFFIXES, probe, read_video, write_video
from toontween.runtime import Settings

FPS = Fraction(24)
NOISE = list(np.random.default_rng(0).integers(0, 256, (12, 32, 48, 3)).astype(np.uint8))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """A folder with one video of each kind."""
    folder = tmp_path_factory.mktemp("samples")
    for suffix in VIDEO_SUFFIXES:
        write_video(folder / f"a{suffix}", NOISE, fps=FPS)
    return folder


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_a_text_with_the_suffix_of_a_video(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("Once upon a time there was a cat.\n" * 50)
    with pytest.raises(MediaError, match=f"a{suffix}"):
        probe(path)
    with pytest.raises(MediaError, match=f"a{suffix}"):
        read_video(path)


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_missing_empty_and_folder(tmp_path, suffix):
    with pytest.raises(MediaError, match="there is no file"):
        probe(tmp_path / f"a{suffix}")
    (tmp_path / f"b{suffix}").touch()
    with pytest.raises(MediaError, match="is empty"):
        read_video(tmp_path / f"b{suffix}")
    (tmp_path / f"c{suffix}").mkdir()
    with pytest.raises(MediaError, match="is a folder"):
        read_video(tmp_path / f"c{suffix}")


def test_an_unsupported_suffix(tmp_path):
    (tmp_path / "a.rm").write_bytes(b".RMF")
    with pytest.raises(MediaError, match="unsupported suffix"):
        probe(tmp_path / "a.rm")


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
@pytest.mark.parametrize("share", [0.2, 0.6, 0.85])
def test_a_truncated_video_is_never_taken_for_a_shorter_one(tmp_path, samples, suffix, share):
    path = tmp_path / f"a{suffix}"
    data = (samples / f"a{suffix}").read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaError, match=f"a{suffix}"):
        list(read_video(path))


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(VIDEO_SUFFIXES)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_bytes_give_frames_or_a_message(tmp_path, samples, suffix, changes):
    data = bytearray((samples / f"a{suffix}").read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    try:
        frames = list(read_video(path, settings=Settings(max_pixels=10_000, max_frames=50)))
    except MediaError:
        return
    assert all(frame.shape[2] in (3, 4) for frame in frames)


def test_metadata_in_a_strange_encoding_does_not_matter(tmp_path, samples):
    data = (samples / "a.mp4").read_bytes()
    assert b"VideoHandler" in data
    (tmp_path / "a.mp4").write_bytes(data.replace(b"VideoHandler", b"Vid\xe9oHandler"))
    assert probe(tmp_path / "a.mp4").num_frames == 12


def test_an_unknown_coding_is_named(tmp_path, samples):
    data = (samples / "a.webm").read_bytes()
    (tmp_path / "a.webm").write_bytes(data.replace(b"V_VP9", b"V_VQ9"))
    with pytest.raises(MediaError, match="cannot decode"):
        probe(tmp_path / "a.webm")


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_a_still_is_not_a_video(tmp_path, suffix):
    write_still(tmp_path / f"a{suffix}", NOISE[0])
    with pytest.raises(MediaError, match="still picture"):
        probe(tmp_path / f"a{suffix}")


def test_sound_alone_is_not_a_video(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = np.zeros((1, 800), np.int16)
        frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="only sound"):
        probe(path)


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_the_limits_are_settings(samples, suffix):
    path = samples / f"a{suffix}"
    with pytest.raises(MediaError, match="pixels; the limit is 1535") as caught:
        read_video(path, settings=Settings(max_pixels=32 * 48 - 1))
    assert "TOONTWEEN_MAX_PIXELS" in (caught.value.hint or "")
    with pytest.raises(MediaError, match="more than 11 frames") as caught:
        list(read_video(path, settings=Settings(max_frames=11)))
    assert "TOONTWEEN_MAX_FRAMES" in (caught.value.hint or "")
    with pytest.raises(MediaError, match="bytes") as caught:
        list(read_video(path, settings=Settings(max_bytes=path.stat().st_size - 1)))
    assert "TOONTWEEN_MAX_BYTES" in (caught.value.hint or "")
    enough = Settings(max_frames=12, max_pixels=32 * 48)
    assert len(list(read_video(path, settings=enough))) == 12


def test_decoded_bytes_are_limited_too(tmp_path):
    path = tmp_path / "a.mp4"
    write_video(path, [np.zeros((256, 256, 3), np.uint8)] * 10, fps=FPS)
    assert path.stat().st_size < 100_000
    with pytest.raises(MediaError, match="decodes to more than 500000 bytes"):
        list(read_video(path, settings=Settings(max_bytes=500_000)))


def test_a_hostile_playlist_opens_nothing(tmp_path):
    secret = tmp_path / "secret.mp4"
    write_video(secret, NOISE, fps=FPS)
    for text in (f"#EXTM3U\n#EXTINF:1,\n{secret}\n", f"ffconcat version 1.0\nfile '{secret}'\n"):
        for suffix in (".mp4", ".mkv", ".apng"):
            path = tmp_path / f"list{suffix}"
            path.write_text(text)
            with pytest.raises(MediaError):
                list(read_video(path))


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_a_failure_of_the_frames_leaves_the_old_video(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def broken():
        yield from NOISE[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(path, broken(), fps=FPS, overwrite=True)
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_a_full_disk_leaves_nothing(tmp_path, suffix):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OutputError, match=f"a{suffix}"):
            write_video(tmp_path / f"a{suffix}", NOISE, fps=FPS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(tmp_path) == []


def test_an_existing_video_is_refused_unless_asked(tmp_path):
    path = tmp_path / "a.apng"
    write_video(path, NOISE, fps=FPS)
    with pytest.raises(OutputError, match="exists already"):
        write_video(path, NOISE, fps=FPS)
    write_video(path, NOISE[:2], fps=FPS, overwrite=True)
    assert probe(path).num_frames == 2


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_no_frames_make_no_video(tmp_path, suffix):
    with pytest.raises(InputError, match="no frames"):
        write_video(tmp_path / f"a{suffix}", [], fps=FPS)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("other", [(32, 50, 3), (32, 48, 4)])
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_frames_of_another_shape_are_named(tmp_path, suffix, other):
    with pytest.raises(ShapeError, match="frame 2"):
        write_video(tmp_path / f"a{suffix}", [*NOISE[:2], np.zeros(other, np.uint8)], fps=FPS)
    assert names_in(tmp_path) == []


def test_transparent_frames_are_not_flattened_silently(tmp_path):
    frames = [np.full((16, 16, 4), 255, np.uint8) for _ in range(3)]
    frames[2][0, 0, 3] = 254
    with pytest.raises(OutputError, match="frame 2 has transparent pixels") as caught:
        write_video(tmp_path / "a.mp4", frames, fps=FPS)
    assert ".webm" in (caught.value.hint or "")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "fps", "words"),
    [
        ("a.gif", Fraction(60), "50 is the most"),
        ("a.gif", Fraction(1, 1000), "cannot play"),
        ("a.webp", Fraction(2000), "cannot play"),
        ("a.apng", Fraction(1, 70_000), "cannot play"),
        ("a.avi", FPS, "not a video format"),
    ],
)
def test_what_a_format_cannot_play_is_refused(tmp_path, name, fps, words):
    with pytest.raises(OutputError, match=words):
        write_video(tmp_path / name, NOISE, fps=fps)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("fps", [Fraction(0), Fraction(-24)])
def test_a_rate_must_be_positive(tmp_path, fps):
    with pytest.raises(InputError, match="frames a second"):
        write_video(tmp_path / "a.mp4", NOISE, fps=fps)


def test_webp_of_16_bits_or_too_large_is_refused(tmp_path):
    with pytest.raises(OutputError, match="8 bits"):
        write_video(tmp_path / "a.webp", [np.zeros((2, 2, 3), np.uint16)], fps=FPS)
    with pytest.raises(OutputError, match="16383"):
        write_video(tmp_path / "a.webp", [np.zeros((1, 16_384, 3), np.uint8)], fps=FPS)


def test_high_dynamic_range_is_refused(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p10le"
        stream.codec_context.color_trc = 16
        frame = av.VideoFrame(16, 16, "yuv420p10le")
        frame.color_trc = 16
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="high dynamic range"):
        next(read_video(path))


def test_a_gif_of_one_frame_is_a_video_of_one_frame(tmp_path):
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.gif")
    assert probe(tmp_path / "a.gif").num_frames == 1
    assert [frame[0, 0].tolist() for frame in read_video(tmp_path / "a.gif")] == [[255, 0, 0]]
