"""Lines from files to files, from Python: one drawing at a time, told how far it is, refused before any work."""

import tracemalloc
import warnings
from fractions import Fraction

import numpy as np
import pytest

from toontween.drawing.lines import Ground
from toontween.errors import InputError, MediaError, OutputError, ShapeError
from toontween.media.images import read_still, write_still
from toontween.media.video import VideoInfo, probe, read_video, write_video
from toontween.rendering import line_extraction
from toontween.rendering.inputs.drawings import DrawingSource, SourceKind
from toontween.rendering.line_extraction import ExtractionJob, extract_files
from toontween.rendering.writing.line_sheets import LineColours, LineSettings


def drawing(level=30, size=(48, 64), column=30):
    """A stroke of 3 px from top to bottom, on paper."""
    pixels = np.full((*size, 3), 250, np.uint8)
    pixels[:, column : column + 3] = level
    return pixels


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(1, 6):
        write_still(tmp_path / f"in/{number:04}.png", drawing(column=10 * number))
    return tmp_path


def test_the_stroke_is_found_and_the_paper_is_white(folder):
    out = folder / "lines.png"
    written = extract_files(ExtractionJob(source=folder / "in/0003.png", out=str(out)))
    assert written.outputs == (out,)
    lines = read_still(out).pixels
    assert lines[:, 30:33].max() < 60
    assert lines[:, :28].min() == lines[:, 36:].min() == 255


def test_progress_goes_from_drawing_to_drawing_up_to_the_end(folder):
    told: list[float] = []
    extract_files(
        ExtractionJob(source=folder / "in", out=f"{folder}/o/"),
        progress=told.append,
    )
    assert told == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def peak_of(folder, num_frames):
    """Most bytes held while a film of so many frames is worked on; FFmpeg's own are not counted."""
    film = folder / f"cut{num_frames}.mkv"
    frames = (drawing(size=(120, 160), column=3 + i) for i in range(num_frames))
    write_video(film, frames, fps=Fraction(24))
    tracemalloc.start()
    try:
        extract_files(ExtractionJob(source=film, out=str(folder / f"lines{num_frames}.mkv")))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_length_of_a_film(tmp_path):
    peak_of(tmp_path, 2)  # what is imported or cached once is not the film's
    few, many = peak_of(tmp_path, 4), peak_of(tmp_path, 30)
    frame_in_float = 120 * 160 * 3 * 4
    assert many - few < frame_in_float


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(25, 2)])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mov", ".mkv", ".gif", ".apng"])
def test_a_film_keeps_its_rate_and_length(tmp_path, suffix, fps):
    write_video(tmp_path / "cut.mkv", [drawing(column=10 * i) for i in range(1, 4)], fps=fps)
    out = tmp_path / f"lines{suffix}"
    extract_files(ExtractionJob(source=tmp_path / "cut.mkv", out=str(out)))
    info = probe(out)
    assert (info.fps, info.num_frames) == (fps, 3)
    for index, frame in enumerate(read_video(out), start=1):
        assert frame[24, 10 * index + 1].max() < 90
        assert frame[24, 10 * index + 20 :].min(initial=255) > 200


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_are_films(tmp_path, suffix):
    write_video(tmp_path / f"cut{suffix}", [drawing(), drawing(column=10)], fps=Fraction(10))
    written = extract_files(ExtractionJob(source=tmp_path / f"cut{suffix}", out=f"{tmp_path}/o/"))
    assert [path.name for path in written.outputs] == ["0001.png", "0002.png"]


def test_binary_lines_on_nothing_fit_a_gif(folder):
    settings = LineSettings(binary=True, ground=Ground.TRANSPARENT)
    out = folder / "lines.gif"
    written = extract_files(ExtractionJob(source=folder / "in", out=str(out), settings=settings))
    assert written.provenance["lossy"] is False
    frame = next(iter(read_video(out)))
    assert frame.shape[2] == 4
    assert set(np.unique(frame[..., 3])) == {0, 255}


def test_a_method_whose_lines_cannot_be_written_says_of_which_drawing(folder, monkeypatch):
    class Failing:
        name = "failing"

        def details(self):
            return {}

        def extract(self, picture):
            if picture[0, 30, 0] < 0.5:
                raise ShapeError("no room for lines")
            return line_extraction.build_line_method("strokes").extract(picture)

    build = line_extraction.build_line_method
    monkeypatch.setattr(
        line_extraction,
        "build_line_method",
        lambda name, **_: Failing() if name == "failing" else build(name),
    )
    job = ExtractionJob(source=folder / "in", out=f"{folder}/o/", method="failing")
    with pytest.raises(ShapeError, match=r"^0003.png: no room for lines"):
        extract_files(job)
    assert not (folder / "o").exists()


def test_foreign_warnings_of_a_method_are_passed_on(folder, monkeypatch):
    strokes = line_extraction.build_line_method("strokes")

    class Doubtful:
        name = "doubtful"

        def details(self):
            return {}

        def extract(self, picture):
            warnings.warn("an old library", DeprecationWarning, stacklevel=1)
            return strokes.extract(picture)

    monkeypatch.setattr(line_extraction, "build_line_method", lambda *_, **__: Doubtful())
    job = ExtractionJob(source=folder / "in/0001.png", out=f"{folder}/o/")
    with pytest.warns(DeprecationWarning, match="an old library"):
        written = extract_files(job)
    assert written.warnings == ()


def test_a_film_longer_than_it_says_is_refused(folder, monkeypatch):
    write_video(folder / "cut.mkv", [drawing()] * 3, fps=Fraction(24))
    short = VideoInfo(64, 48, Fraction(24), 2, has_alpha=False, codec="ffv1")
    liar = DrawingSource(kind=SourceKind.FILM, files=(folder / "cut.mkv",), film=short)
    monkeypatch.setattr(line_extraction, "find_drawings", lambda _: liar)
    with pytest.raises(MediaError, match="more frames than the 2"):
        extract_files(ExtractionJob(source="cut.mkv", out=f"{folder}/o/"))
    assert not (folder / "o").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight_px": 0.0}, "weight 0"),
        ({"weight_px": float("inf")}, "weight inf"),
        ({"weight_px": 1001.0}, "weight 1001"),
        ({"despeckle_px": -1}, "despeckle -1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        LineSettings(**settings)


def test_separate_colours_are_refused_for_a_film_before_the_method_is_built(folder):
    job = ExtractionJob(
        source=folder / "in",
        out=f"{folder}/o.mp4",
        method="unknown",
        settings=LineSettings(colours=LineColours.SEPARATE),
    )
    with pytest.raises(OutputError, match="cannot hold separate colours"):
        extract_files(job)
