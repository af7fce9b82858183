"""The count for people, as Markdown, and for programs, as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from toontween.evaluation.study.count.results import StudyCount
from toontween.evaluation.study.count.tally import QuestionCount, Share
from toontween.media.files import atomic_output, disk_errors, write_json

TABLE_NAME, RESULT_NAME = "table.md", "study.json"


def to_markdown(count: StudyCount) -> str:
    """Tables of first choices by question, then strengths and duels of each question, then who is left out."""
    lines = [
        f"{len(count.voters)} voters, {count.num_votes} pairs judged, "
        f"{count.votes_per_duel[0]} to {count.votes_per_duel[1]} votes a pair of methods, "
        f"{count.seconds_per_pair:.0f} s a pair (median).",
        "",
        "How often a method is picked as the best of all, by the Bradley–Terry model of the pairs:",
        "",
        *_first_choices(count),
    ]
    for question in count.questions:
        lines += ["", f"## {question.title}", "", *_standings(count, question)]
        lines += ["", *_duels(count, question), "", _remarks(question)]
    if count.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {one.voter} ({one.file}): {one.why}" for one in count.left_out]
    if count.incomplete:
        lines += ["", "Incomplete, counted as far as they go:", ""]
        lines += [f"- {name}: {done} of {of}" for name, (done, of) in count.incomplete.items()]
    return "\n".join(lines) + "\n"


def write_count(folder: Path, count: StudyCount) -> tuple[Path, Path]:
    """Write table.md and study.json into a folder, which is made when it is not there.

    Raises:
        OutputError: They cannot be written.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    table, result = folder / TABLE_NAME, folder / RESULT_NAME
    with atomic_output(table, overwrite=True) as temporary:
        temporary.write_text(to_markdown(count), encoding="utf-8", newline="\n")
    write_json(result, asdict(count), overwrite=True)
    return table, result


def _first_choices(count: StudyCount) -> list[str]:
    rows = [
        [_name(label, count), *(_percent(q.standings[place].first_choice) for q in count.questions)]
        for place, label in enumerate(count.methods)
    ]
    return _table(["method", *(question.title for question in count.questions)], rows)


def _standings(count: StudyCount, question: QuestionCount) -> list[str]:
    rows = [
        [
            _name(one.label, count),
            _number(one.strength),
            _percent(one.win_share),
            "–" if one.first_places is None else f"{100 * one.first_places:.0f} %",
        ]
        for one in sorted(question.standings, key=lambda one: -one.strength.value)
    ]
    heads = ["method", "strength", "won of all votes", f"first on {question.clips_placed} clips"]
    return _table(heads, rows)


def _duels(count: StudyCount, question: QuestionCount) -> list[str]:
    rows = [
        [
            _name(duel.first, count),
            _name(duel.second, count),
            str(duel.won),
            str(duel.ties),
            str(duel.lost),
            _percent(duel.share),
        ]
        for duel in question.duels
    ]
    return _table(["first", "second", "first better", "same", "second better", "share"], rows)


def _remarks(question: QuestionCount) -> str:
    alpha = "–" if question.alpha is None else f"{question.alpha:.2f}"
    same = "–" if question.agreement is None else f"{100 * question.agreement:.0f} %"
    return (
        f"No difference: {100 * question.ties:.0f} %. Left film among the rest: {_percent(question.left)}. "
        f"Agreement: Krippendorff's alpha {alpha}; two voters answer alike in {same} "
        f"of {question.shared_judgements} cases."
    )


def _name(label: str, count: StudyCount) -> str:
    return f"{label} (random weights)" if label in count.untrained else label


def _percent(share: Share | None) -> str:
    if share is None:
        return "–"
    text = f"{100 * share.value:.0f} %"
    if share.low is None or share.high is None:
        return text
    return f"{text} ({100 * share.low:.0f}…{100 * share.high:.0f})"


def _number(value: Share) -> str:
    if value.low is None or value.high is None:
        return f"{value.value:+.2f}"
    return f"{value.value:+.2f} ({value.low:+.2f}…{value.high:+.2f})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
