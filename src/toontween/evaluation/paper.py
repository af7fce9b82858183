"""ToonCrafter's tables (arXiv 2405.17933) beside ours, with everything in which the two were taken differently.

The paper's clips are not published, its measures are named but not defined, and how the rivals were run is not told. So
no number of ours can be equal to one of theirs; what can be compared is who is better than whom, and by how much.
"""

from collections.abc import Mapping, Sequence

from toontween.evaluation.methods import TRUTH
from toontween.evaluation.results import Evaluation, Row
from toontween.metrics.protocol import MeasureProtocol

METHODS: Mapping[str, str] = {
    "animeinterp": "AnimeInterp",
    "eisai": "EISAI",
    "film": "FILM",
    "seine": "SEINE",
    "toon": "ToonCrafter",
}
"""Our method → its name in the paper's table."""

COMPARISON: Mapping[str, tuple[float, ...]] = {
    "fvd": (196.66, 146.65, 189.88, 98.96, 43.92),
    "kvd": (8.44, 5.55, 8.01, 2.93, 1.52),
    "lpips-alex": (0.1890, 0.1729, 0.1702, 0.2519, 0.1733),
    "clip-img": (0.8866, 0.9083, 0.9006, 0.8531, 0.9221),
    "clip-txt": (0.3069, 0.3097, 0.3083, 0.2962, 0.3129),
    "cpbd": (0.5974, 0.6413, 0.6317, 0.6630, 0.6723),
}
"""Our measure → table 1 of the paper, in the order of `METHODS`."""

UNKNOWN: Mapping[str, str] = {
    "fvd": "which I3D file, resize rule and covariance the paper used; ours is the code that its authors' group published with an earlier work",
    "kvd": "the same; ours takes all samples, degree 3, scale 1/400",
    "lpips-alex": "which backbone, and whether the two given frames count; ours is AlexNet on the in-betweens",
    "clip-img": "which CLIP, and whether the two given frames count; ours says its network, and looks at the in-betweens",
    "clip-txt": "which CLIP and whose captions; ours are the clips' own",
    "cpbd": "which implementation; ours is the widespread Python one's rule",
}
"""Our measure → what the paper does not tell about it."""

PUBLISHED_CLIPS, PUBLISHED_FRAMES, PUBLISHED_SIZE = 1000, 16, (512, 320)


def paper_table(evaluation: Evaluation | None = None) -> str:
    """The paper's comparison as Markdown, with ours where a report has it, and the differences.

    Args:
        evaluation: Our table; None prints the paper's alone.
    """
    ours = [row for row in evaluation.rows if row.method != TRUTH] if evaluation else []
    heads = ["method", *COMPARISON]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for place, (method, name) in enumerate(METHODS.items()):
        lines.append(_line([f"{name}, published", *(str(v[place]) for v in COMPARISON.values())]))
        lines += [_line([_label(row), *_cells(row)]) for row in ours if row.method == method]
    others = [row for row in ours if row.method not in METHODS]
    lines += [_line([_label(row), *_cells(row)]) for row in others]
    if evaluation is None:
        return "\n".join(lines) + "\n"
    return "\n".join([*lines, "", "What differs:", "", *_differences(evaluation)]) + "\n"


def _label(row: Row) -> str:
    return f"{row.label}, ours" + (" (random weights)" if row.untrained else "")


def _cells(row: Row) -> Sequence[str]:
    values = [row.cells[name].value if name in row.cells else None for name in COMPARISON]
    return ["not measured" if value is None else f"{value:.4g}" for value in values]


def _differences(evaluation: Evaluation) -> list[str]:
    suite = evaluation.suite
    found = [
        f"- clips: {PUBLISHED_CLIPS} of the paper's own, never published; ours: {suite['measured']} of {suite['source']}"
    ]
    frames, height, width = suite["shape"]
    if frames != PUBLISHED_FRAMES:
        found.append(f"- frames: {PUBLISHED_FRAMES}; ours: {frames}")
    if (width, height) != PUBLISHED_SIZE:
        found.append(f"- size: {PUBLISHED_SIZE[0]}×{PUBLISHED_SIZE[1]}; ours: {width}×{height}")
    found.append("- rivals: how the paper ran them is not told; ours: " + _how_run(evaluation))
    for column in evaluation.columns:
        if column.name in UNKNOWN:
            protocol = MeasureProtocol(**dict(column.protocol)).describe()
            found.append(f"- {column.name}: not told: {UNKNOWN[column.name]}. Ours: {protocol}")
    missing = [name for name in COMPARISON if name not in {c.name for c in evaluation.columns}]
    if missing:
        found.append(f"- not measured here: {', '.join(missing)}")
    absent = [f"{one.name} ({one.hint})" for one in evaluation.absent]
    if absent:
        found.append(f"- absent here: {'; '.join(absent)}")
    return found


def _how_run(evaluation: Evaluation) -> str:
    told = {
        "animeinterp": "every time directly, flow once",
        "eisai": "every time directly, flow once",
        "film": "halves of halves, the nearest times taken",
        "seine": "one run of 16 frames, both keys put back",
    }
    here = dict.fromkeys(
        f"{METHODS[row.method]} {told[row.method]}" for row in evaluation.rows if row.method in told
    )
    return "; ".join(here) or "none of them is in this report"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
