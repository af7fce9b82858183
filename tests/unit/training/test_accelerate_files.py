"""The configuration files for `accelerate launch` are what the installed accelerate takes."""

import functools

import pytest
import torch
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import FullyShardedDataParallelPlugin
from accelerate.utils.launch import prepare_multi_gpu_env

from tests.unit.training.tiny_runs import NETWORKS
from toontween.recipes.catalog import launch_files
from toontween.training.config import LoopConfig, RunConfig, VideoConfig
from toontween.training.engine import LossModule
from toontween.training.objectives.build import build_objective

FILES = launch_files()


def test_the_files_have_their_names() -> None:
    assert set(FILES) == {
        "one_gpu",
        "eight_gpus_ddp",
        "eight_gpus_fsdp2",
        "four_nodes_ddp",
        "four_nodes_fsdp2",
    }


@pytest.mark.parametrize("name", FILES)
def test_accelerate_reads_the_file(name: str) -> None:
    config = load_config_from_file(str(FILES[name]))
    assert isinstance(config, ClusterConfig)
    assert config.num_processes % config.num_machines == 0
    kind = {"gpu": "NO", "ddp": "MULTI_GPU", "fsdp2": "FSDP"}[name.rpartition("_")[2]]
    assert config.distributed_type.value == kind
    args = launch_command_parser().parse_args(
        ["--config_file", str(FILES[name]), "-m", "toontween.cli.app", "train", "small_prior"]
    )
    args, _, _ = _validate_launch_command(args)
    assert args.num_processes == config.num_processes
    assert args.use_fsdp == (kind == "FSDP")
    assert args.multi_gpu == (kind == "MULTI_GPU")


@pytest.mark.parametrize("name", ["eight_gpus_fsdp2", "four_nodes_fsdp2"])
def test_the_sharded_file_names_layers_of_the_denoiser(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["--config_file", str(FILES[name]), "--main_process_port", "0"]
    command += ["--main_process_ip", "127.0.0.1", "-m", "toontween.cli.app"]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(command))
    for key, value in prepare_multi_gpu_env(args).items():
        if key.startswith(("FSDP_", "ACCELERATE_USE_FSDP")):
            monkeypatch.setenv(key, value)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    with torch.device("meta"):
        run = RunConfig(
            name="x",
            objective=VideoConfig(variant="freeze-temporal"),
            networks=NETWORKS,
            loop=LoopConfig(),
        )
        module = LossModule(build_objective(run))
    plugin.set_auto_wrap_policy(module)  # a name that is no layer's is refused here
    policy = plugin.auto_wrap_policy
    assert isinstance(policy, functools.partial)
    wrapped = policy.keywords["transformer_layer_cls"]
    assert {kind.__module__.partition(".")[0] for kind in wrapped} == {"toontween"}
    # nothing but what is drawn with outside the losses too may be left to the outermost group
    for network in module.networks.values():
        assert type(network) in wrapped
