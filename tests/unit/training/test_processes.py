"""Two processes share a run and take the steps of one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.unit.training.tiny_runs import tiny_run, write_squares
from toontween.media.files import write_json
from toontween.training.config import config_to_dict
from toontween.training.records import read_record


def run(config: Path, folder: Path, *, processes: int) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", str(processes), "-m", "toontween.cli.app", "train"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    found = subprocess.run(
        [*command, str(config), "-o", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tmp_path: Path) -> None:
    shards = write_squares(tmp_path / "shards")
    made = tiny_run(shards, validation=shards, ema_decay=0.9, steps=4)
    write_json(tmp_path / "config.json", config_to_dict(made), overwrite=False)
    for processes in (1, 2):
        run(tmp_path / "config.json", tmp_path / f"run{processes}", processes=processes)
    one, two = tmp_path / "run1", tmp_path / "run2"
    for kind, name in (("train", "loss/generator"), ("validation", "psnr")):
        np.testing.assert_allclose(
            [line[name] for line in read_record(two, kind)],
            [line[name] for line in read_record(one, kind)],
            rtol=1e-4,
        )
    last = "checkpoints/step-00000004/ema.safetensors"
    ours, theirs = load_file(two / last), load_file(one / last)
    assert ours.keys() == theirs.keys()
    # Adam makes a whole step of a gradient that is nothing but rounding: compare all weights together
    differences = torch.cat([(ours[name] - theirs[name]).abs().flatten() for name in ours])
    assert float((differences > 1e-5).float().mean()) < 0.01
    assert (two / "model" / "model_index.json").is_file()
