"""Sketch encoder and adapters: begun right, trained beside a frozen model, exported ready to draw with."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.unit.training.tiny_runs import NETWORKS, tiny_run, with_start, write_squares
from toontween.models.unet import ToonUNet
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline
from toontween.training.config import LoraConfig, SketchConfig
from toontween.training.denoiser_copy import copy_denoiser, encoder_for
from toontween.training.draws import seed_layers
from toontween.training.engine import Engine
from toontween.training.networks import build_networks
from toontween.training.objectives.sketch import SketchObjective
from toontween.training.records import read_record
from toontween.training.trainer import train


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("prior")
    shards = write_squares(folder / "shards")
    model = train(tiny_run(shards), folder / "run").model
    assert model is not None
    return shards, model


def denoiser(model: Path) -> dict[str, torch.Tensor]:
    return load_file(model / "unet" / "diffusion_pytorch_model.safetensors")


def test_a_copied_encoder_does_what_the_denoiser_does_to_single_frames() -> None:
    seed_layers(0, "unet")
    unet = ToonUNet(**{**NETWORKS.unet_size, "channel_mult": [1, 2, 2], "num_res_blocks": 2})
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    encoder = encoder_for(unet)
    left = copy_denoiser(unet, encoder)
    assert all(name.startswith("controlnet_") for name in left)
    ours = dict(unet.named_parameters())
    theirs = dict(encoder.named_parameters())
    # level 1 of two residual blocks and a reduction each begins at stage 4
    pairs = {
        "down_blocks.1.resnets.0.conv_shortcut.weight": "down_blocks.4.residual.shortcut.weight",
        "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_out.0.bias": (
            "down_blocks.2.spatial.attention2.to_out.bias"
        ),
        "down_blocks.0.downsamplers.0.conv.weight": "down_blocks.3.weight",
        "mid_block.resnets.1.time_emb_proj.weight": "mid_block.residual_out.embedding_proj.weight",
        "time_embedding.linear_2.bias": "time_embedding.linear_2.bias",
    }
    for name, source in pairs.items():
        assert torch.equal(theirs[name], ours[source]), name
    assert torch.equal(theirs["conv_in.weight"], ours["down_blocks.0.conv.weight"][:, :4])


def test_a_sketch_encoder_is_trained_beside_a_frozen_model(
    prior: tuple[Path, Path], tmp_path: Path
) -> None:
    shards, model = prior
    objective = SketchConfig(sample_steps=2)
    run = with_start(tiny_run(shards, objective=objective, validation=shards), model)
    result = train(run, tmp_path)
    assert result.model is not None
    assert result.measures.keys() >= {"velocity", "velocity_unguided", "psnr"}
    before, after = denoiser(model), denoiser(result.model)
    assert all(torch.equal(before[name], after[name]) for name in before)
    pipe = ToonInterpolationPipeline.from_pretrained(result.model)
    assert pipe.sketch_encoder is not None
    added = pipe.sketch_encoder.controlnet_mid_block.weight
    assert added is not None
    assert float(added.detach().abs().max()) > 0


def test_adapters_leave_the_model_and_are_worked_in(
    prior: tuple[Path, Path], tmp_path: Path
) -> None:
    shards, model = prior
    run = with_start(tiny_run(shards, objective=LoraConfig(rank=2, alpha=2)), model)
    result = train(run, tmp_path)
    assert result.model is not None
    before, after = denoiser(model), denoiser(result.model)
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(".spatial.attention" in name for name in changed)
    adapters = load_file(result.model / "adapters.safetensors")
    place = "down_blocks.1.spatial.attention1.to_q"
    low = {name: value for name, value in adapters.items() if place in name}
    down = next(value for name, value in low.items() if "lora_A" in name)
    up = next(value for name, value in low.items() if "lora_B" in name)
    difference = after[f"{place}.weight"] - before[f"{place}.weight"]
    np.testing.assert_allclose(difference.numpy(), (up @ down).numpy(), atol=1e-6)


def test_activations_of_the_frozen_denoiser_are_computed_again_too(
    prior: tuple[Path, Path], tmp_path: Path
) -> None:
    shards, model = prior
    found = []
    for again in (False, True):
        run = tiny_run(shards, objective=SketchConfig(), steps=2, gradient_checkpointing=again)
        folder = tmp_path / str(again)
        train(with_start(run, model), folder)
        found.append([line["loss/generator"] for line in read_record(folder, "train")])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
    networks = build_networks(with_start(run, model).networks, seed=0)
    engine = Engine(SketchObjective(networks, SketchConfig()), run)
    assert networks.unet.gradient_checkpointing
    assert engine.objective.frozen["unet"] is networks.unet
