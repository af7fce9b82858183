"""One call from clips to a report: plan, draw, measure, summarise, write."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from toontween.evaluation.bench import Bench
from toontween.evaluation.report.page import write_page
from toontween.evaluation.report.tables import to_csv, to_markdown
from toontween.evaluation.results import RESULT_NAME, Evaluation, summarise, write_evaluation
from toontween.evaluation.runner import plan, run
from toontween.evaluation.statistics import RESAMPLES, SET_RESAMPLES
from toontween.media.files import atomic_output

CSV_NAME, TABLE_NAME = "clips.csv", "table.md"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was written."""

    evaluation: Evaluation
    page: Path
    table: Path
    csv: Path
    json: Path


def evaluate(
    bench: Bench,
    out: Path,
    *,
    workers: int = 1,
    resamples: int = RESAMPLES,
    set_resamples: int = SET_RESAMPLES,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Compare methods on clips and write a report; what the folder holds already is not done again.

    Args:
        bench: Clips, methods and measures.
        out: The report's folder.
        workers: Processes, each with a clip.
        resamples: For intervals of means; 0 gives none.
        set_resamples: For intervals of distances of sets; 0 gives none.
        progress: Told the part done, 0…1.

    Raises:
        InputError: Nothing can be drawn or measured, or a clip or a drawing cannot be used.
        UnknownNameError: There is no such measure.
        MediaError: A clip is damaged.
        OutputError: The folder holds another report or cannot be written.
    """
    order = plan(bench)
    store = run(order, out, workers=workers, progress=progress)
    evaluation = summarise(order, store, resamples=resamples, set_resamples=set_resamples)
    write_evaluation(out / RESULT_NAME, evaluation)
    _write(out / TABLE_NAME, to_markdown(evaluation))
    _write(out / CSV_NAME, to_csv(evaluation))
    page = write_page(out, evaluation)
    return Report(
        evaluation=evaluation,
        page=page,
        table=out / TABLE_NAME,
        csv=out / CSV_NAME,
        json=out / RESULT_NAME,
    )


def _write(path: Path, text: str) -> None:
    with atomic_output(path, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
