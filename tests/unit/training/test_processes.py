"""Two processes share a run, whole or sharded, and take the steps of one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
from safetensors.torch import load_file

from tests.unit.training.tiny_runs import tiny_run, write_squares
from toontween.media.files import write_json
from toontween.recipes.catalog import launch_file
from toontween.training.config import VideoConfig, config_to_dict
from toontween.training.records import read_record

# accelerate shards over accelerators only: it is told that the processor is one
SHARDED = """
import sys
from accelerate.state import PartialState
from accelerate.utils import DistributedType
PartialState(cpu=True)
PartialState._shared_state["distributed_type"] = DistributedType.MULTI_XPU
from toontween.training import trainer
begin = trainer.Engine.__init__
def checked(self, *arguments):
    begin(self, *arguments)
    assert type(self.named[0][1]).__name__ == "DTensor"
trainer.Engine.__init__ = checked
from toontween.cli.app import run
sys.exit(run(sys.argv[1:]))
"""


def run(config: Path, folder: Path, *, processes: int, sharded: Path | None = None) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", str(processes)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    if sharded is None:
        command += ["-m", "toontween.cli.app"]
    else:
        program = folder.with_suffix(".py")
        program.write_text(SHARDED)
        command += [str(program)]
        launched = load_config_from_file(str(sharded))
        assert isinstance(launched, ClusterConfig)
        wrapped = launched.fsdp_config or {}
        environment |= {
            "ACCELERATE_USE_FSDP": "true",
            "FSDP_VERSION": str(wrapped["fsdp_version"]),
            "FSDP_AUTO_WRAP_POLICY": wrapped["fsdp_auto_wrap_policy"],
            "FSDP_TRANSFORMER_CLS_TO_WRAP": wrapped["fsdp_transformer_layer_cls_to_wrap"],
            "FSDP_RESHARD_AFTER_FORWARD": str(wrapped["fsdp_reshard_after_forward"]).lower(),
        }
    found = subprocess.run(
        [*command, "train", str(config), "-o", str(folder)],
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


@pytest.mark.slow
def test_two_processes_that_share_the_weights_give_the_losses_of_one(tmp_path: Path) -> None:
    shards = write_squares(tmp_path / "shards")
    made = tiny_run(
        shards,
        objective=VideoConfig(variant="freeze-temporal", sample_steps=2),
        validation=shards,
        ema_decay=0.9,
        steps=3,
        batch_size=4,
        micro_batch_size=1,
        gradient_checkpointing=True,
        validate_every=2,
    )
    write_json(tmp_path / "config.json", config_to_dict(made), overwrite=False)
    one, two = tmp_path / "one", tmp_path / "two"
    run(tmp_path / "config.json", one, processes=1)
    run(tmp_path / "config.json", two, processes=2, sharded=launch_file("eight_gpus_fsdp2"))
    for kind, name in (
        ("train", "loss/generator"),
        ("train", "gradient"),
        ("validation", "velocity"),
    ):
        np.testing.assert_allclose(
            [line[name] for line in read_record(two, kind)],
            [line[name] for line in read_record(one, kind)],
            rtol=1e-4,
        )
    place = "model/unet/diffusion_pytorch_model.safetensors"
    ours, theirs = load_file(two / place), load_file(one / place)
    assert {name: value.shape for name, value in ours.items()} == {
        name: value.shape for name, value in theirs.items()
    }
    differences = torch.cat([(ours[name] - theirs[name]).abs().flatten() for name in ours])
    assert float((differences > 1e-5).float().mean()) < 0.01
