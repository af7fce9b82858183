"""`toontween data synth`: clips from the procedural studio."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.arguments import parse_size
from toontween.cli.console import print_json, print_lines, progress_bar, say


class Looks(StrEnum):
    """How clips look."""

    CEL = "cel"
    TEXTURED = "textured"


def synth(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder of shards; an interrupted run goes on.")
    ],
    seed: Annotated[int, typer.Option(help="Another number gives other clips.")] = 0,
    clips: Annotated[int, typer.Option(help="How many clips.")] = 64,
    frames: Annotated[int, typer.Option(help="Drawings in a clip, both keys counted.")] = 16,
    size: Annotated[str, typer.Option(metavar="WxH", help="Size in pixels.")] = "256x160",
    look: Annotated[
        Looks,
        typer.Option(
            help="cel: flat colour and ink. textured: no ink; textures, soft light and shadows. The motion is the same."
        ),
    ] = Looks.CEL,
    fps: Annotated[float, typer.Option(help="Frames a second, as written down.")] = 24.0,
    clips_per_shard: Annotated[int, typer.Option(help="Clips in each tar file.")] = 64,
    workers: Annotated[
        int, typer.Option(help="Processes that draw; their number changes no byte.")
    ] = 1,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Also write every clip as numbered PNGs, to look at.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Draw clips of random characters in motion, with ink, foreground, caption and the true paths of landmarks.

    Each clip is decided by the seed and its number alone. The result is a folder of WebDataset shards.

    Example: `toontween data synth --seed 1 --clips 8 --frames 16 --size 256x160 -o clips/`
    """
    from toontween.data.synthetic.production import Order, make_shards
    from toontween.data.synthetic.stage.looks import Look
    from toontween.data.synthetic.studio import StudioOptions

    order = Order(
        seed=seed,
        num_clips=clips,
        options=StudioOptions(
            size=parse_size(size), num_frames=frames, look=Look(look.value), fps=fps
        ),
        clips_per_shard=clips_per_shard,
        pictures=pictures,
    )
    with progress_bar("drawing", quiet=quiet) as progress:
        made = make_shards(order, out, num_workers=workers, progress=progress)
    if not quiet:
        kept = len(made.shards) - made.num_written
        if not made.num_written:
            say(f"{out} was finished already: nothing was drawn")
        elif kept:
            say(f"went on with {made.num_written} of {len(made.shards)} shards; {kept} were there")
    if as_json:
        print_json(
            {
                "command": "data synth",
                "out": str(out),
                "shards": [str(path) for path in made.shards],
                "clips": clips,
                "written": made.num_written,
            }
        )
    else:
        print_lines([str(path) for path in made.shards])
