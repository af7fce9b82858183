"""`toontween data encode`: latents of clips, for training that sees each drawing many times."""

from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.arguments import parse_size
from toontween.cli.console import print_json, print_lines, progress_bar


def encode(
    shards: Annotated[list[Path], typer.Argument(help="Shards, or folders of them.")],
    *,
    vae: Annotated[Path, typer.Option(help="The folder of an autoencoder, such as RUN/model/vae.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="The folder of latents; an interrupted run goes on."),
    ],
    size: Annotated[
        str | None,
        typer.Option(metavar="WxH", help="Scale and crop drawings, as data.size of the run does."),
    ] = None,
    mirrored: Annotated[
        bool,
        typer.Option("--mirrored", help="Mirrored drawings too, for runs with data.mirror."),
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Encode clips once, so that training with `--set data.latents=FOLDER` need not do it at every step.

    Latents are kept in float16. A run refuses latents of another encoder, size or set of clips.

    Example: `toontween data encode clips/ --vae runs/autoencoder/model/vae --mirrored -o latents/`
    """
    from torch.nn import Module

    from toontween.runtime import pick_device
    from toontween.training.latents import encode_shards
    from toontween.training.networks import load_vae

    wanted = None if size is None else parse_size(size)
    network = load_vae(vae)
    Module.to(network, pick_device(device))
    with progress_bar("encoding", quiet=quiet) as progress:
        files = encode_shards(
            shards, network, out, size=wanted, mirrored=mirrored, progress=progress
        )
    if as_json:
        print_json(
            {"command": "data encode", "out": str(out), "files": [str(path) for path in files]}
        )
    else:
        print_lines([str(path) for path in files])
