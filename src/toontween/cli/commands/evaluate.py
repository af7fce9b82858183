"""`toontween evaluate`: methods compared on clips."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toontween.cli.arguments import parse_pairs, parse_size
from toontween.cli.console import parse_settings, print_json, print_lines, progress_bar, say, warn
from toontween.errors import InputError

if TYPE_CHECKING:
    from toontween.evaluation.bench import Bench


def evaluate(
    suite: Annotated[
        Path | None,
        typer.Argument(
            help="Shards, a folder of films or of folders with frames, or a bench.toml; "
            "with --paper-table a report.",
        ),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The report's folder; an interrupted run goes on."),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(metavar="NAME,…", help="Methods to compare, or all. Not with a bench.toml."),
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…",
            help="Measures to take, or all; a few that need no network if not set.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="METHOD.NAME=VALUE", help="A setting of a method; repeatable."
        ),
    ] = None,
    drawn: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=PATH",
            help="Clips that something else drew, named as the suite's; a row of their own; repeatable.",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="A network of a measure; repeatable."),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(help="Frames of each clip, from its first; whole clips if not set."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Scale and crop frames to this size.")
    ] = None,
    clips: Annotated[
        int | None, typer.Option(help="Look only at so many clips, evenly spread.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of whatever is random in a method.")] = 0,
    published: Annotated[
        bool,
        typer.Option(
            "--paper-table",
            help="Print ToonCrafter's table, beside that of a report if one is given.",
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option(help="Processes, each with a clip and its own copy of every network.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Compare methods: each draws between the first and the last frame of every clip, and is measured against the truth.

    Writes report.html with flip-books, table.md, clips.csv and evaluation.json. A method or a measure whose weights are not
    here is listed as absent with the way to get them. A method drawn with `--set METHOD.weights=random` is marked as untrained.

    Example: `toontween evaluate clips/ --methods hold,crossfade,flow,phase --measures psnr,ssim -o report/`
    """
    from toontween.evaluation.evaluate import evaluate as compare
    from toontween.evaluation.measures.base import together

    if published:
        _print_paper_table(suite)
        return
    if suite is None or out is None:
        raise InputError(
            f"no {'clips' if suite is None else '--out folder'} given",
            hint="for example toontween evaluate clips/ --methods hold,flow -o report/",
        )
    bench = (
        _bench_of_file(
            suite,
            {
                "--methods": methods,
                "--drawn": drawn,
                "--measures": measures,
                "--set": settings,
                "--weights": weights,
                "--frames": frames,
                "--size": size,
                "--device": None if device == "auto" else device,
                "--seed": seed or None,
            },
            clips=clips,
        )
        if suite.suffix == ".toml"
        else _bench_of_arguments(
            suite,
            methods=methods,
            drawn=parse_pairs("--drawn", drawn or []),
            measures=measures,
            settings=_by_method(settings or []),
            weights=_paths(weights or []),
            frames=frames,
            size=parse_size(size) if size is not None else None,
            clips=clips,
            device=device,
            seed=seed,
        )
    )
    with progress_bar("evaluating", quiet=quiet) as progress:
        report = compare(bench, out, workers=workers, progress=progress)
    if not quiet:
        for one in together(report.evaluation.absent):
            warn(f"absent: {one.name}: {one.why}" + (f" ({one.hint})" if one.hint else ""))
        say(f"the report: {report.page}")
    if as_json:
        print_json(
            {
                "command": "evaluate",
                "out": str(out),
                "page": str(report.page),
                "table": str(report.table),
                "csv": str(report.csv),
                "json": str(report.json),
                "absent": [vars(one) for one in report.evaluation.absent],
                "methods": {
                    row.label: {name: vars(cell) for name, cell in row.cells.items()}
                    for row in report.evaluation.rows
                },
            }
        )
    else:
        print_lines(report.table.read_text(encoding="utf-8").splitlines())


def _print_paper_table(report: Path | None) -> None:
    from toontween.evaluation.paper import paper_table
    from toontween.evaluation.results import RESULT_NAME, read_evaluation

    evaluation = read_evaluation(report / RESULT_NAME) if report is not None else None
    print_lines(paper_table(evaluation).splitlines())


def _bench_of_file(path: Path, given: Mapping[str, Any], *, clips: int | None) -> "Bench":
    from toontween.evaluation.bench import read_bench

    for option, value in given.items():
        if value is not None:
            hint = "write it into the file"
            raise InputError(f"{option} does not go with {path.name}", hint=hint)
    return replace(read_bench(path), num_clips=clips)


def _bench_of_arguments(
    path: Path,
    *,
    methods: str | None,
    drawn: Mapping[str, str],
    measures: str | None,
    settings: Mapping[str, Mapping[str, Any]],
    weights: Mapping[str, Path],
    frames: int | None,
    size: tuple[int, int] | None,
    clips: int | None,
    device: str,
    seed: int,
) -> "Bench":
    from toontween.evaluation.bench import Bench
    from toontween.evaluation.measures.catalog import DEFAULT, MEASURES
    from toontween.evaluation.methods import GIVEN, MethodSpec, parse_methods
    from toontween.evaluation.suite import Cut, open_suite
    from toontween.interpolators.catalog import METHODS

    if methods is None and not drawn:
        raise InputError("no --methods given", hint="for example --methods hold,crossfade,flow")
    return Bench(
        suite=open_suite(path, Cut(frames=frames, size=size)),
        methods=[
            *parse_methods(
                _names(methods, list(METHODS)) if methods is not None else [],
                settings=settings,
                device=device,
                seed=seed,
            ),
            *(
                MethodSpec(method=GIVEN, label=label, options=(("path", folder),))
                for label, folder in drawn.items()
            ),
        ],
        measures=_names(measures, list(MEASURES)) if measures is not None else DEFAULT,
        weights=weights,
        num_clips=clips,
    )


def _names(text: str, everything: list[str]) -> list[str]:
    return everything if text == "all" else [name.strip() for name in text.split(",")]


def _paths(given: list[str]) -> dict[str, Path]:
    return {name: Path(path) for name, path in parse_pairs("--weights", given).items()}


def _by_method(given: list[str]) -> dict[str, dict[str, Any]]:
    """`METHOD.NAME=VALUE` → method → name → value."""
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        method, dot, setting = text.partition(".")
        if not dot or "=" in method:
            raise InputError(
                f"--set {text!r} is not METHOD.NAME=VALUE", hint="for example flow.sharpness=40"
            )
        for name, value in parse_settings([setting]).items():
            if name in found.setdefault(method, {}):
                raise InputError(f"setting {method}.{name} is given twice")
            found[method][name] = value
    return found
