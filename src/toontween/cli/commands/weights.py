"""`toontween weights`: which weights there are, getting them, converting them, checking them."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from toontween.cli.console import print_json, print_lines, say, warn
from toontween.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from toontween.checkpoints.manifest import Manifest, Progress

app = typer.Typer(
    name="weights",
    no_args_is_help=True,
    help="List, download, convert and check weights.\n\nExample: `toontween weights list`",
)


class Dtype(StrEnum):
    """What weights are stored as."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
Kept = Annotated[
    Dtype | None, typer.Option("--dtype", help="Store the weights as this; as they are if not set.")
]


@app.command("list")
def list_weights(*, as_json: AsJson = False) -> None:
    """List the weights that are known by name, and which of them are here.

    Example: `toontween weights list`
    """
    from toontween.checkpoints.hub import is_here, model_folder
    from toontween.checkpoints.published.catalogue import MODELS
    from toontween.runtime import read_settings

    settings = read_settings()
    rows = [
        {
            "name": name,
            "title": model.title,
            "here": is_here(name, settings),
            "folder": str(model_folder(name, settings)),
            "licence": model.weights.licence,
            "download_gb": round(model.weights.about_bytes / 1e9, 2),
            "page": model.weights.page,
        }
        for name, model in MODELS.items()
    ]
    if as_json:
        print_json({"command": "weights list", "models": rows})
    else:
        print_lines([line for row in rows for line in _described(row)])


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name from `toontween weights list`.")],
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            help="The published file, where it is on this machine; nothing is downloaded."
        ),
    ] = None,
    dtype: Kept = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Download weights by name, check and convert them. An interrupted download is continued.

    Files that their authors let only people fetch are named with their page; --file takes them from there.

    Example: `toontween weights pull tooncrafter-512 --dtype fp16`
    """
    from toontween.checkpoints import hub

    published = hub.find_model(name).weights
    say(f"{published.file}, licence {published.licence or 'not named'}, from {published.page}")
    kept = dtype.value if dtype else None
    with _bar() as progress:
        folder = hub.pull(name, dtype=kept, file=file, overwrite=overwrite, progress=progress)
    _show({"command": "weights pull", "name": name, "folder": str(folder)}, as_json=as_json)


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A published .ckpt, .pth or .safetensors file.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to make.")],
    config: Annotated[
        Path | None, typer.Option(help="Sizes of a model other than the published one, as JSON.")
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="CLIP's merges.txt or bpe_simple_vocab_16e6.txt.gz.")
    ] = None,
    dtype: Kept = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Convert a published weights file into a folder. Nothing in the file is run.

    Without --tokenizer the model draws, but reads no prompts.

    Example: `toontween weights convert model.ckpt --out tooncrafter/ --tokenizer merges.txt`
    """
    from toontween.checkpoints.folder import convert_file

    sizes, kept = _read_config(config), dtype.value if dtype else None
    with _bar() as progress:
        manifest = convert_file(
            file,
            out,
            config=sizes,
            dtype=kept,
            merges=tokenizer,
            overwrite=overwrite,
            progress=progress,
        )
    _tell_about(manifest, tokenizer)
    result = {"command": "weights convert", "folder": str(out), "contents": manifest.contents}
    _show(result | {"unused": list(manifest.unused)}, as_json=as_json)


@app.command()
def verify(
    model: Annotated[
        str, typer.Argument(help="A name from `toontween weights list`, or a folder.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Read converted weights again and compare every file with what was written.

    Example: `toontween weights verify tooncrafter-512`
    """
    from toontween.checkpoints.hub import model_folder
    from toontween.checkpoints.manifest import verify_folder
    from toontween.checkpoints.published.catalogue import MODELS
    from toontween.runtime import read_settings

    folder = model_folder(model, read_settings()) if model in MODELS else Path(model)
    with _bar() as progress:
        problems = verify_folder(folder, progress=progress)
    if problems:
        raise CheckpointError(
            f"{folder} is not as it was written: {'; '.join(problems)}",
            hint="convert or pull it again with --overwrite",
        )
    _show({"command": "weights verify", "folder": str(folder), "intact": True}, as_json=as_json)


def _show(result: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print_lines([str(result["folder"])])


def _described(row: Mapping[str, Any]) -> list[str]:
    place = row["folder"] if row["here"] else f"toontween weights pull {row['name']}"
    return [
        f"{row['name']:<26} {'here' if row['here'] else 'not here':<9} {row['title']}",
        f"{'':<26} {row['download_gb']:.2f} GB, {row['licence']}, {row['page']}",
        f"{'':<26} {place}",
    ]


def _tell_about(manifest: "Manifest", tokenizer: Path | None) -> None:
    if manifest.contents == "model" and tokenizer is None:
        warn("no tokenizer was given, so this model reads no prompts (--tokenizer merges.txt)")
    if manifest.unused:
        say(
            f"{len(manifest.unused)} entries of {manifest.source} are not needed; see toontween.json"
        )


def _read_config(path: Path | None) -> dict[str, Any] | None:
    import json

    if path is None:
        return None
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the configuration {path}: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} holds no sections", hint="unet, vae, resampler, open_clip")
    return cast("dict[str, Any]", value)


@contextmanager
def _bar() -> Generator["Progress | None", None, None]:
    """A bar on a terminal, labelled with what is being done."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )
