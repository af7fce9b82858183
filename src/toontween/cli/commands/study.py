"""`toontween study`: people compare methods blindly, and their votes are counted."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.console import print_json, print_lines, progress_bar, say, warn

app = typer.Typer(
    name="study",
    no_args_is_help=True,
    help="Let people vote which method draws better, and count the votes.\n\n"
    "Example: `toontween study make report/ -o study/`",
)


@app.command()
def make(
    report: Annotated[Path, typer.Argument(help="The folder of a toontween evaluate.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The study's folder, new or empty.")],
    methods: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL,…",
            help="Methods of the report that compete, truth if wanted; all trained ones if not set.",
        ),
    ] = None,
    clips: Annotated[
        int | None, typer.Option(help="Take only so many clips, evenly spread.")
    ] = None,
    pairs_per_voter: Annotated[
        int | None,
        typer.Option(
            help="Pairs that each voter judges, catch trials not counted; 20, or all there are, if not set."
        ),
    ] = None,
    catch_trials: Annotated[
        int | None,
        typer.Option(
            help="Pairs of a clip and its spoilt copy for each voter, to find who does not look; 2 if not set."
        ),
    ] = None,
    show_truth: Annotated[
        bool, typer.Option("--show-truth", help="Show the true drawings beside, for reference.")
    ] = False,
    fps: Annotated[float, typer.Option(help="Frames a second at which clips are played.")] = 8.0,
    send_to: Annotated[
        str, typer.Option(metavar="TEXT", help="Where voters are asked to send their votes.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Another number gives other names and orders.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Make a page on which people vote blindly between pairs of methods, from a report of `toontween evaluate`.

    Give voters the folder OUT/voters: its vote.html opens from a disk or any web host, without a server. OUT/key.json says
    which film is whose; keep it. Number your voters 1, 2, 3, …: then all pairs, clips and sides come equally often.

    Example: `toontween study make report/ -o study/ --pairs-per-voter 20`
    """
    from toontween.evaluation.study.make import StudyOptions, make_study

    options = StudyOptions(
        methods=[name.strip() for name in methods.split(",")] if methods else None,
        num_clips=clips,
        pairs_per_voter=pairs_per_voter,
        catch_trials=catch_trials,
        fps=fps,
        show_truth=show_truth,
        send_to=send_to,
        seed=seed,
    )
    with progress_bar("making the study", quiet=quiet) as progress:
        made = make_study(report, out, options, progress=progress)
    for label in made.left_out:
        warn(f"{label} has random weights and does not compete; name it in --methods if it is to")
    if not quiet:
        say(f"for voters: {made.voters}")
        say(f"keep from voters: {made.key_path}")
        say(f"ballots, numbered from 1: {len(made.key.ballots)}")
    if as_json:
        print_json(
            {
                "command": "study make",
                "out": str(out),
                "page": str(made.page),
                "voters": str(made.voters),
                "key": str(made.key_path),
                "study": made.key.study,
                "methods": made.key.labels,
                "left_out": list(made.left_out),
                "ballots": len(made.key.ballots),
                "pairs_per_ballot": len(made.key.ballots[0]),
            }
        )
    else:
        print_lines([str(made.page)])


@app.command()
def count(
    study: Annotated[Path, typer.Argument(help="The study's folder, with key.json.")],
    votes: Annotated[list[Path], typer.Argument(help="Votes files, or folders of them.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write table.md and study.json here.")
    ] = None,
    forgive: Annotated[
        int, typer.Option(help="Catch trials that a voter may fail and still be counted.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No remarks.")] = False,
) -> None:
    """Check and count votes: for each question who wins how often, Bradley–Terry strengths, first choices, agreement.

    One wrong entry stops the count and is named. Voters who failed catch trials are left out and named.

    Example: `toontween study count study/ votes/*.json -o result/`
    """
    from toontween.evaluation.study.count.results import count_study
    from toontween.evaluation.study.count.tables import to_markdown, write_count

    counted = count_study(study, votes, forgiven=forgive)
    for one in counted.left_out:
        warn(f"left out: {one.voter} ({one.file}): {one.why}")
    if out is not None:
        table, result = write_count(out, counted)
        if not quiet:
            say(f"written: {table}, {result}")
    if as_json:
        print_json({"command": "study count", **asdict(counted)})
    else:
        print_lines(to_markdown(counted).splitlines())
