"""One command makes the whole table: every method of the catalogue, trained or not, by every measure that needs nothing."""

import json
from pathlib import Path

import pytest

from tests.tiny_pipeline import build_tiny_pipeline
from tests.tiny_seine import build_tiny_seine, save_tiny_seine
from tests.unit.evaluation.small_clips import in_shards, small_clip
from toontween.cli.app import run
from toontween.evaluation.measures.catalog import OFFLINE
from toontween.interpolators.catalog import METHODS

UNTRAINED = {
    "film": ("weights",),
    "rife": ("weights",),
    "raft-flow": ("weights",),
    "animeinterp": ("weights", "vgg"),
    "eisai": ("ssl", "dtm", "flow"),
    "sepconv": ("weights",),
    "resepconv": ("weights",),
    "gmfss": ("flow", "metric", "features", "fusion", "draft"),
    "phasenet": ("weights",),
}
"""Method → its networks."""


@pytest.mark.slow
def test_the_whole_table_is_made_by_one_command_and_untrained_rows_are_marked(tmp_path: Path):
    # 64 pixels a side is the least at which sharpness has a block to look at
    clips = in_shards(tmp_path / "clips", [small_clip("a", frames=4, size=(96, 64))])
    build_tiny_pipeline().save_pretrained(tmp_path / "tiny-toon")
    denoiser, base = save_tiny_seine(build_tiny_seine(), tmp_path)
    options = [f"{method}.{name}=random" for method, names in UNTRAINED.items() for name in names]
    options += [f"toon.model={tmp_path / 'tiny-toon'}", "toon.num_inference_steps=2"]
    options += [f"seine.weights={denoiser}", f"seine.base={base}", "seine.num_inference_steps=2"]
    options += ["seine.width=64", "seine.height=64"]
    command = ["evaluate", str(clips), "--methods", "all", "--measures", "all"]
    for option in options:
        command += ["--set", option]
    assert run([*command, "-o", str(tmp_path / "report"), "--quiet"]) == 0
    table = json.loads((tmp_path / "report" / "evaluation.json").read_text("utf-8"))
    rows = {row["label"]: row for row in table["rows"]}
    assert set(rows) == {*METHODS, "truth"}
    assert {label for label, row in rows.items() if row["untrained"]} == set(UNTRAINED)
    assert {column["name"] for column in table["columns"]} == set(OFFLINE)
    markdown = (tmp_path / "report" / "table.md").read_text("utf-8")
    assert markdown.count("(random weights)") == len(UNTRAINED)
    for label, row in rows.items():
        assert row["cells"]["psnr"]["value"] is not None, label
        assert row["cells"]["psnr"]["clips"] == 1
