"""`toontween train`: begin a run, or go on with it."""

from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.console import print_json, print_lines, progress_bar, say


def _print_launch_file(name: str | None) -> None:
    if name is not None:
        from toontween.recipes.catalog import launch_file

        print_lines([str(launch_file(name))])
        raise typer.Exit


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A recipe's name, module:function, file.py:function, a config.json, or a run's folder."
        ),
    ],
    *,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="a.b=VALUE",
            help="A field of the run, e.g. loop.steps=1000. Repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The run's folder; runs/NAME if not given."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the run as it would be, and stop.")
    ] = False,
    launch_file: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Print where a configuration file for `accelerate launch --config_file` is, and stop: "
            "one_gpu, eight_gpus_ddp, eight_gpus_fsdp2, four_nodes_ddp or four_nodes_fsdp2.",
            is_eager=True,
            callback=_print_launch_file,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Train a model. The same command goes on where a run was stopped or killed.

    The folder holds the run's config.json, record.jsonl, TensorBoard's curves, strips of held-out drawings,
    checkpoints and, at the end, the model. Several GPUs:
    `accelerate launch --config_file "$(toontween train --launch-file eight_gpus_ddp)" -m toontween.cli.app train …`.

    Example: `toontween train small_prior --set data.shards=shards/ -o runs/prior`
    """
    from toontween.recipes.catalog import load_recipe
    from toontween.training.config import config_to_dict, override
    from toontween.training.trainer import train as run

    del launch_file  # has been answered
    config = override(load_recipe(recipe), setting or [])
    if show:
        print_json(config_to_dict(config))
        return
    folder = out or (Path(recipe) if Path(recipe).is_dir() else Path("runs") / config.name)
    with progress_bar("training", quiet=quiet) as progress:
        result = run(config, folder, tell=None if quiet else say, progress=progress)
    if not result.speaks:
        return
    if not quiet and not result.finished:
        say(f"stopped after step {result.steps} of {config.loop.steps}; the same command goes on")
    if as_json:
        print_json(
            {
                "command": "train",
                "folder": str(result.folder),
                "steps": result.steps,
                "finished": result.finished,
                "model": None if result.model is None else str(result.model),
                "measures": result.measures,
            }
        )
    else:
        print_lines([str(result.model or result.folder)])
