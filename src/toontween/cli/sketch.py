"""`toontween sketch`: lines taken out of finished drawings, and sketches as the model sees them."""

from enum import StrEnum
from typing import Annotated

import typer

from toontween.cli.console import parse_settings, progress_bar, show_written

app = typer.Typer(
    name="sketch",
    no_args_is_help=True,
    help="Take the lines out of finished drawings; see a sketch as the model sees it.\n\n"
    "Example: `toontween sketch extract A.png -o lines/`",
)


class Colours(StrEnum):
    """What becomes of coloured lines."""

    ONE = "one"
    KEEP = "keep"
    SEPARATE = "separate"


class On(StrEnum):
    """What lines stand on."""

    WHITE = "white"
    BLACK = "black"
    TRANSPARENT = "transparent"


@app.command()
def extract(
    source: Annotated[
        str, typer.Argument(help="A picture, a film, a folder of pictures, or in/%04d.png.")
    ],
    *,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="out/: names are kept, frames of a film numbered. out/%04d.png: numbered. "
            "lines.png: one picture. lines.mp4, .mov, .webm, .gif: a film.",
        ),
    ],
    method: Annotated[
        str,
        typer.Option(
            help="dog: dark strokes, no weights. anime2sketch: the network, with your weights. "
            "scan: line art that is there already, on any paper."
        ),
    ] = "dog",
    weights: Annotated[
        str | None, typer.Option(help="Weights of anime2sketch: a name, or a folder.")
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option(metavar="PX", help="Redraw all strokes this wide; as found if not set."),
    ] = None,
    binary: Annotated[
        bool, typer.Option("--binary", help="Only ink and paper, no grey: for paint programs.")
    ] = False,
    despeckle: Annotated[
        int, typer.Option(metavar="PX", help="Leave out pieces of ink of fewer pixels.")
    ] = 0,
    colours: Annotated[
        Colours,
        typer.Option(
            help="Trace lines: one: all black. keep: in their colours. separate: a file for every "
            "colour, A_0001.red.png."
        ),
    ] = Colours.ONE,
    ground: Annotated[
        On, typer.Option(help="What the lines stand on; white lines on black, black otherwise.")
    ] = On.WHITE,
    fps: Annotated[
        str | None,
        typer.Option(
            help="Frames a second of a film made of pictures, 24 if not set; a film keeps its own."
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the method. Repeatable."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Take the lines out of finished drawings: line art for sketches, for painting or for comparing.

    Transparent drawings (cels) are put on white first. Beside the result stands a `.json` file that says how it was
    made.

    Example: `toontween sketch extract A.png -o lines/ --weight 3 --binary`
    """
    from toontween.drawing.lines import Ground
    from toontween.rendering.line_extraction import ExtractionJob, extract_files
    from toontween.rendering.writing.line_sheets import LineColours, LineSettings
    from toontween.timeline.time import parse_fps

    job = ExtractionJob(
        source=source,
        out=out,
        method=method,
        weights=weights,
        device=device,
        options=parse_settings(setting or []),
        settings=LineSettings(
            weight_px=weight,
            binary=binary,
            despeckle_px=despeckle,
            colours=LineColours(colours.value),
            ground=Ground(ground.value),
        ),
        fps=None if fps is None else parse_fps(fps),
        overwrite=overwrite,
    )
    with progress_bar("finding lines", quiet=quiet) as progress:
        written = extract_files(job, progress=progress)
    show_written("sketch extract", written, out=out, as_json=as_json, quiet=quiet)
