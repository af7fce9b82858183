"""The page for voters: one file with its own style and script, opened from a disk or any web host."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from toontween.evaluation.methods import TRUTH
from toontween.evaluation.store import columns_of
from toontween.evaluation.study.films import FILMS_FOLDER, SUFFIX
from toontween.evaluation.study.key import StudyKey
from toontween.evaluation.study.questions import QUESTIONS
from toontween.media.files import atomic_output

PAGE_NAME = "vote.html"
"""In the folder for voters."""

SCRIPTS = ("player.js", "ballot.js", "vote.js")
"""Parts of the page's script, in the order in which they run."""


def write_page(path: Path, key: StudyKey, *, shapes: Mapping[str, tuple[int, int, int]]) -> Path:
    """Write the page of a study.

    Args:
        path: The file.
        key: Of the study; what films show and where they come from is not told to the page.
        shapes: Clip → frames, height, width.

    Raises:
        OutputError: It cannot be written.
    """
    loader = PackageLoader("toontween.evaluation.study")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True)

    def source(name: str) -> str:
        return loader.get_source(environment, name)[0]

    text = environment.get_template("vote.html.j2").render(
        questions=QUESTIONS,
        style=source("vote.css"),
        script="\n".join(map(source, SCRIPTS)),
        study=for_script(known_to_voters(key, shapes)),
        num_trials=len(key.ballots[0]),
        shows_truth=key.settings["show_truth"],
        send_to=key.settings["send_to"],
    )
    with atomic_output(path, overwrite=False) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def known_to_voters(key: StudyKey, shapes: Mapping[str, tuple[int, int, int]]) -> dict[str, Any]:
    """All that the page's script knows; clips stand in the order of their first tokens, which is no order at all."""
    clips = list(dict.fromkeys(film.clip for film in key.films.values()))
    tokens = list(key.films)
    number = {token: place for place, token in enumerate(tokens)}
    truths = {film.clip: token for token, film in key.films.items() if film.shows == TRUTH}
    return {
        "study": key.study,
        "fps": key.settings["fps"],
        "folder": FILMS_FOLDER,
        "suffix": SUFFIX,
        "questions": [asdict(question) for question in QUESTIONS],
        "clips": [
            {
                "count": count,
                "columns": columns_of(count, height, width),
                "width": width,
                "height": height,
                "truth": truths[clip] if key.settings["show_truth"] else None,
            }
            for clip in clips
            for count, height, width in [shapes[clip]]
        ],
        "films": [[token, clips.index(film.clip)] for token, film in key.films.items()],
        "ballots": [
            [[number[left], number[right]] for left, right in ballot] for ballot in key.ballots
        ],
    }


def for_script(value: Mapping[str, Any]) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
