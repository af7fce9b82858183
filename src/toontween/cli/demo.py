"""`python -m toontween.cli.demo`: draw between the bundled keys, as `make demo` does.

Every example becomes a film and a contact sheet in `out/demo/`: above the drawings that really lie between the keys,
below them ours. Films of an earlier demo are replaced.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toontween.cli.console import print_lines, progress_bar, say
from toontween.errors import MediaError, ToonTweenError

if TYPE_CHECKING:
    from toontween.rendering.take import Take

EXAMPLES = Path("examples")
OUT = Path("out") / "demo"


def demo(root: Path) -> list[Path]:
    """Render all examples of a clone; the films and sheets made.

    Args:
        root: The repository, which holds `examples/`.

    Raises:
        MediaError: The examples are not there.
    """
    from toontween.rendering.job import RenderJob, render_files
    from toontween.rendering.renderer import RenderSettings

    made: list[Path] = []
    for example in find_examples(root / EXAMPLES):
        film = root / OUT / f"{example.name}.mp4"
        truth = sorted((example / "truth").glob("*.png"))
        keys = (example / "key_first.png", example / "key_last.png")
        settings = RenderSettings(count=len(truth) - 2)
        job = RenderJob(keys=keys, out=str(film), settings=settings, overwrite=True)
        with progress_bar(example.name, quiet=False) as progress:
            written = render_files(job, progress=progress)
        made += [film, write_sheet(truth, written.take, film.with_suffix(".png"))]
    return made


def find_examples(folder: Path) -> list[Path]:
    """The folders of the examples.

    Raises:
        MediaError: There are none.
    """
    found = sorted(keys.parent for keys in folder.glob("*/key_first.png"))
    if not found:
        hint = "run the demo in a clone of the repository: make demo"
        raise MediaError(f"there are no examples in {folder}", hint=hint)
    return found


def write_sheet(truth: list[Path], take: "Take", path: Path) -> Path:
    """Compare the true drawings with ours on one sheet."""
    from toontween.drawing.review import contact_sheet
    from toontween.media.images import read_still, write_still

    rows = [[read_still(file).pixels for file in truth], list(take.drawings)]
    sheet = contact_sheet(rows, labels=("truth", "ours"), columns=8)
    write_still(path, sheet, overwrite=True)
    return path


def main() -> None:
    """Run the demo in the clone this file lies in."""
    from toontween.cli.app import report

    try:
        made = demo(Path(__file__).resolve().parents[3])
    except ToonTweenError as error:
        sys.exit(report(error))
    say("films and contact sheets (above: the true drawings, below: ours):")
    print_lines([str(path) for path in made])


if __name__ == "__main__":
    main()
