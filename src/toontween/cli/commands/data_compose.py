"""`toontween data compose`: clips from a folder of animated material."""

from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.arguments import parse_size
from toontween.cli.console import print_json, print_lines, progress_bar, say, warn


def compose(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder with manifest.jsonl and render.py. render.py is a program and is run: name folders you trust."
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of shards.")],
    clips: Annotated[
        int | None, typer.Option(help="How many clips; with --plain, all if not set.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Drawings in a clip, both keys counted.")] = 16,
    size: Annotated[str, typer.Option(metavar="WxH", help="Size in pixels.")] = "256x160",
    seed: Annotated[int, typer.Option(help="Another number gives other clips.")] = 1,
    split: Annotated[
        str, typer.Option(help="Clips of the manifest to use; val only when named here.")
    ] = "train",
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Where drawn figures are kept for the next time; OUT/sprites if not set."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Processes that draw; their number changes no byte.")
    ] = 1,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain",
            help="Compose nothing: the first window of each clip in eval_windows.json, over white or a scene.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Compose clips: figures of a folder of animated material, in depth, before its scenes, under a moving camera.

    Each clip is decided by the seed, its number and the drawn figures alone. Whose drawings it is made of, and on what
    terms, is written into it. Clips of the material that cannot be drawn here are named and left out.

    Example: `toontween data compose material/ -o clips/ --clips 1000 --size 256x160 --seed 1`
    """
    from toontween.data.composition.run import compose_shards
    from toontween.data.composition.settings import ComposeSettings

    settings = ComposeSettings(
        clips=clips,
        frames=frames,
        size=parse_size(size),
        seed=seed,
        split=split,
        plain=plain,
        workers=workers,
    )
    with progress_bar("composing", quiet=quiet) as progress:
        made = compose_shards(folder, out, settings, cache=cache, progress=progress)
    for skipped in made.skipped:
        warn(f"left out: {skipped}")
    if not quiet:
        say(f"{made.clips} clips; of licences: {', '.join(made.licences)}")
    if as_json:
        print_json(
            {
                "command": "data compose",
                "out": str(out),
                "shards": [str(path) for path in made.shards],
                "clips": made.clips,
                "skipped": list(made.skipped),
                "licences": made.licences,
            }
        )
    else:
        print_lines([str(path) for path in made.shards])
