"""A folder of animated material with three drawn shapes, as `toontween data compose` reads it."""

import json
from pathlib import Path

RENDERER = """
import numpy as np

def backgrounds():
    import pathlib
    return sorted(str(p) for p in (pathlib.Path(__file__).parent / "scenes").glob("*.png"))

def render(e, size=(64, 64), fps=24, start=0, n=None):
    if e["kind"] == "program":
        raise FileNotFoundError(2, "No such file", "drawingprogram")
    if e["kind"] == "library":
        import a_library_nobody_has
    (w, h), n = size, int(e["seconds"] * fps) - start if n is None else n
    y, x = np.mgrid[0:h, 0:w] / np.array([h, w]).reshape(2, 1, 1)
    out = np.zeros((n, h, w, 4), np.uint8)
    for i in range(0 if e["kind"] == "nothing" else n):
        t = (start + i) // e.get("hold", 1) * e.get("hold", 1)
        a = (abs(x - .3 - .01 * t) < .12) & (abs(y - .5) < .2 + .005 * t)
        out[i][a] = [*e["colour"], 255]
    return out

def composite(frames, bg="white"):
    a = frames[..., 3:] / 255
    b = 255 if bg == "white" else 10 * (1 + int(bg[6:]))
    return (frames[..., :3] * a + b * (1 - a)).astype(np.uint8)
"""


def make_material(folder: Path, **changes: object) -> Path:
    """Write the folder; `changes` are put into the manifest's line of the first clip."""
    folder.mkdir(parents=True)
    (folder / "scenes").mkdir()
    for name in ("backgroundColorForest", "hills"):
        (folder / "scenes" / f"{name}.png").touch()
    (folder / "LICENSE.txt").write_text("Somebody. Creative Commons Zero.")
    (folder / "render.py").write_text(RENDERER)
    clips = [
        clip("shapes/redBox", (220, 40, 30), **changes),
        clip("shapes/blueBox", (30, 60, 220)),
        clip("other/greenBox", (20, 180, 60), split="val", licence="CC-BY-SA-4.0"),
    ]
    lines = [json.dumps(line) for line in clips]
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    windows = {"val": {"other/greenBox": [{"start": 5, "n": 16}, {"start": 0, "n": 16}]}}
    (folder / "eval_windows.json").write_text(json.dumps(windows))
    return folder


def clip(name: str, colour: tuple[int, int, int], **changes: object) -> dict[str, object]:
    """A line of the manifest."""
    line = {
        "id": name,
        "kind": "box",
        "colour": colour,
        "seconds": 1.5,
        "split": "train",
        "licence": "CC-BY-4.0",
        "attribution": f"the maker of {name}",
        "origin": name.partition("/")[0],
        "motion_stats": {"pop": 1.2, "still": 0.0},
    }
    return {**line, **changes}
