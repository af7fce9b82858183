"""Which parameters the paper's variants train, and that frozen ones stay bit for bit."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.unit.training.tiny_runs import NETWORKS, tiny_run, with_start, write_squares
from toontween.errors import UnavailableError
from toontween.models.unet import ToonUNet
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline
from toontween.training.config import NetworksConfig, RectificationVariant, VideoConfig
from toontween.training.networks import build_networks
from toontween.training.selection import rectified, without_temporal_layers
from toontween.training.trainer import train


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("prior")
    shards = write_squares(folder / "shards")
    model = train(tiny_run(shards), folder / "run").model
    assert model is not None
    return shards, model


def parameters(model: Path) -> dict[str, torch.Tensor]:
    networks = build_networks(NetworksConfig(start=str(model)), seed=0)
    parts: dict[str, nn.Module] = {
        "unet": networks.unet,
        "image_projector": networks.image_projector,
        "image_encoder": networks.image_encoder,
        "vae": networks.vae,
    }
    return {f"{n}.{k}": v for n, part in parts.items() for k, v in part.state_dict().items()}


@pytest.mark.parametrize(
    ("variant", "kinds"),
    [
        ("pretrained", set[str]()),
        ("all", {"image_projector", "spatial", "temporal"}),
        ("bypass-temporal", {"image_projector", "spatial"}),
        ("freeze-temporal", {"image_projector", "spatial"}),
        ("projector-only", {"image_projector"}),
    ],
)
def test_a_variant_changes_what_it_trains_and_nothing_else(
    variant: RectificationVariant, kinds: set[str], prior: tuple[Path, Path], tmp_path: Path
) -> None:
    shards, model = prior
    run = with_start(tiny_run(shards, objective=VideoConfig(variant=variant, dropout=0.0)), model)
    result = train(run, tmp_path).model
    assert result is not None
    before, after = parameters(model), parameters(result)
    temporal = build_networks(
        NetworksConfig(start=str(model)), seed=0
    ).unet.temporal_parameter_names()
    changed = {name for name in before if not torch.equal(before[name], after[name])}

    def kind(name: str) -> str:
        network, _, rest = name.partition(".")
        if network != "unet":
            return network
        return "temporal" if rest in temporal else "spatial"

    assert {kind(name) for name in changed} == kinds


def test_the_published_partition_is_found_by_module(prior: tuple[Path, Path]) -> None:
    networks = build_networks(NETWORKS, seed=0)
    groups = rectified(networks.unet, networks.image_projector, "freeze-temporal")
    names = {name for name, _ in groups["generator"]}
    assert "unet.down_blocks.0.conv.weight" in names
    assert "unet.time_embedding.linear_1.weight" in names
    assert not any("down_blocks.0.temporal" in name for name in names)
    assert not any("temporal_conv" in name for name in names)


def test_bypassed_temporal_layers_leave_frames_alone() -> None:
    torch.manual_seed(0)
    unet = ToonUNet(**NETWORKS.unet_size)
    for parameter in unet.parameters():
        nn.init.normal_(parameter, std=0.05)
    generator = torch.Generator().manual_seed(1)
    sample = torch.randn(1, 8, 4, 4, 6, generator=generator)
    context = torch.randn(1, 9, 32, generator=generator)
    other = sample.clone()
    other[:, :, 2] += 1.0
    step = torch.tensor([500])
    with torch.no_grad(), without_temporal_layers(unet):
        difference = (unet(sample, step, context) - unet(other, step, context)).abs()
    assert difference[:, :, 2].max() > 1e-3
    assert difference[:, :, [0, 1, 3]].max() == 0
    with torch.no_grad():
        again = (unet(sample, step, context) - unet(other, step, context)).abs()
    assert again[:, :, [0, 1, 3]].max() > 1e-4


def test_a_model_without_captions_draws_and_refuses_a_prompt(prior: tuple[Path, Path]) -> None:
    pipe = ToonInterpolationPipeline.from_pretrained(prior[1])
    pipe.set_progress_bar_config(disable=True)
    key = torch.rand(3, 32, 48, generator=torch.Generator().manual_seed(0))
    drawn = pipe(key, key, num_frames=4, num_inference_steps=2, guidance_scale=2.0).frames
    assert len(drawn[0]) == 4
    with pytest.raises(UnavailableError, match="trained without captions"):
        pipe(key, key, prompt="a cat", num_frames=4, num_inference_steps=2)
