"""What happens in a clip, as somebody wrote it beside the film.

`FILM.mp4` may have `FILM.txt`, a caption for all of it, or `FILM.captions.jsonl`, lines `{"start": 12.0, "stop": 15.5,
"caption": "…"}` in seconds. A folder of frames has `caption.txt` or `captions.jsonl` inside.
"""

import json
from pathlib import Path

from toontween.data.curation.films import Film
from toontween.errors import MediaError


class Captions:
    """Captions of one film.

    Args:
        film: The film.

    Raises:
        MediaError: A file of captions cannot be read; the message names its line.
    """

    def __init__(self, film: Film) -> None:
        inside = film.path.is_dir()
        timed = film.path / "captions.jsonl" if inside else film.path.with_suffix(".captions.jsonl")
        whole = film.path / "caption.txt" if inside else film.path.with_suffix(".txt")
        self._parts = _read_parts(timed) if timed.is_file() else []
        self._whole = ""
        if whole.is_file():
            try:
                self._whole = " ".join(whole.read_text("utf-8").split())
            except (OSError, ValueError) as error:
                raise MediaError(f"{whole} cannot be read: {error}") from error

    def of(self, start: float, stop: float) -> str:
        """The caption of some seconds: the one that covers most of them, half at least, else the film's; "" for none."""
        best, most = self._whole, 0.5 * (stop - start)
        for begins, ends, caption in self._parts:
            shared = min(stop, ends) - max(start, begins)
            if shared > most:
                best, most = caption, shared
        return best


def _read_parts(path: Path) -> list[tuple[float, float, str]]:
    parts = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            part = json.loads(line)
            parts.append((float(part["start"]), float(part["stop"]), str(part["caption"])))
        except (ValueError, KeyError, TypeError) as error:
            hint = 'a line is {"start": 0.0, "stop": 2.5, "caption": "…"}'
            raise MediaError(f"{path} line {number} is no caption: {error!r}", hint=hint) from error
    return parts
