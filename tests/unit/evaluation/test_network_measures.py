"""Measures that look through networks: found by path, taken as the networks themselves say, named by their weights."""

from pathlib import Path

import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from tests.unit.checkpoints.by_rule import LAYERS, TINY, published_tensors
from tests.unit.evaluation.small_clips import small_bench, small_clip, small_suite
from tests.unit.metrics.seeded_i3d import seeded_i3d
from toontween.errors import CheckpointError, InputError, ShapeError, UnknownNameError
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.measures.base import TrueClip, to_tensor
from toontween.evaluation.measures.catalog import DEFAULT, MEASURES, OFFLINE, build_measure
from toontween.evaluation.measures.clip_files import load_clip
from toontween.evaluation.methods import MethodSpec, draw
from toontween.evaluation.results import Cell, Evaluation
from toontween.evaluation.runner import plan
from toontween.metrics.clip.network import from_clip_model
from toontween.metrics.lpips.backbones import build_backbone
from toontween.metrics.measures.learned import ClipScores

SIZE = (64, 64)


def cell(table: Evaluation, label: str, measure: str) -> tuple[float, Cell]:
    """A number of the table, which must be there, and its cell."""
    found = table.row(label).cells[measure]
    assert found.value is not None
    return found.value, found


def backbone_file(folder: Path) -> Path:
    """SqueezeNet 1.1 without training, in torchvision's naming."""
    backbone = build_backbone("squeeze")
    generator = torch.Generator().manual_seed(0)
    tensors = {
        f"features.{name}": torch.randn(value.shape, generator=generator) * 0.05
        for name, value in backbone.state_dict().items()
    }
    torch.save(tensors, folder / "squeezenet1_1-b8a52dc0.pth")
    return folder / "squeezenet1_1-b8a52dc0.pth"


def clip_folder(folder: Path) -> Path:
    """A tiny CLIP model as transformers saves it."""
    text = CLIPTextConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        projection_dim=8,
    )
    vision = CLIPVisionConfig(
        hidden_size=24,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        projection_dim=8,
    )
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8
    )
    CLIPModel(config).save_pretrained(folder)
    return folder


def test_measures_without_networks_are_told_apart_from_those_with():
    assert set(DEFAULT) <= set(OFFLINE)
    with_networks = set(MEASURES) - set(OFFLINE)
    assert {
        "distance",
        "frechet",
        "lpips-alex",
        "clip-img",
        "clip-txt",
        "fvd",
        "kvd",
    } <= with_networks
    for name in OFFLINE:
        assert build_measure(name).name == name


def test_measures_of_one_network_are_absent_together_with_the_way_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path / "cache"))
    suite = small_suite(tmp_path / "clips", 1)
    found = plan(small_bench(suite, ("hold",), ("psnr", "lpips-vgg", "fvd", "clip-txt")))
    assert [measure.name for measure in found.measures] == ["psnr"]
    hints = {one.name: one.hint for one in found.absent}
    assert "toontween weights pull vgg16" in hints["lpips-vgg"]
    assert "--weights vgg16=PATH" in hints["lpips-vgg"]
    assert "https://github.com/songweige/TATS" in hints["fvd"]
    assert "clip-vit-b-32" in hints["clip-txt"]


def test_a_network_of_no_measure_is_refused(tmp_path):
    suite = small_suite(tmp_path / "clips", 1)
    with pytest.raises((UnknownNameError, InputError), match="resnet"):
        plan(small_bench(suite, ("hold",), ("psnr",), weights={"resnet": tmp_path}))


def test_lpips_is_zero_for_the_truth_and_its_weights_are_in_the_protocol(tmp_path):
    suite = small_suite(tmp_path / "clips", 2, size=SIZE)
    weights = {"squeezenet1_1": backbone_file(tmp_path)}
    bench = small_bench(suite, ("hold",), ("lpips-squeeze",), weights=weights)
    table = evaluate(bench, tmp_path / "report", resamples=0).evaluation
    assert cell(table, "hold", "lpips-squeeze")[0] > 1e-4
    assert cell(table, "truth", "lpips-squeeze")[0] == 0
    [column] = table.columns
    assert column.protocol["settings"]["net"] == "squeeze"
    assert column.protocol["settings"]["weights"]


def test_a_file_of_another_network_is_refused_by_name(tmp_path):
    torch.save({"features.0.weight": torch.zeros(3, 3)}, tmp_path / "alexnet.pth")
    suite = small_suite(tmp_path / "clips", 1, size=SIZE)
    weights = {"alexnet": tmp_path / "alexnet.pth"}
    with pytest.raises(CheckpointError):
        plan(small_bench(suite, ("hold",), ("lpips-alex",), weights=weights))


def test_clip_scores_are_those_of_the_model_in_the_folder(tmp_path):
    folder = clip_folder(tmp_path / "clip")
    suite = small_suite(tmp_path / "clips", 1, size=SIZE)
    bench = small_bench(suite, ("crossfade",), ("clip-img",), weights={"clip": folder})
    found = evaluate(bench, tmp_path / "report", resamples=0).evaluation
    network = from_clip_model(CLIPModel.from_pretrained(folder), name="the same")
    scores, clip = ClipScores(network), suite[0]
    drawn = draw(MethodSpec(method="crossfade"), clip).frames
    scores.update(to_tensor(drawn), TrueClip(clip.frames).tensor)
    expected = float(scores.per_clip()["clip_img"][0])
    assert found.row("crossfade").cells["clip-img"].value == pytest.approx(expected, abs=1e-6)


def checkpoint(folder: Path, *, without: str = "") -> Path:
    """A small ToonCrafter checkpoint whose CLIP is whole: the last text block and both projections too."""
    tensors = published_tensors()
    text, image = "cond_stage_model.model.", "embedder.model."
    section = TINY["open_clip"]
    generator = torch.Generator().manual_seed(0)
    first, last = "transformer.resblocks.0.", f"transformer.resblocks.{LAYERS - 1}."
    for name in [name for name in tensors if name.startswith(text + first)]:
        other = name.replace(first, last)
        tensors[other] = torch.randn(tensors[name].shape, generator=generator) * 0.1
    width = section["text_cfg"]["width"], section["vision_cfg"]["width"]
    tensors[f"{text}text_projection"] = torch.randn(width[0], 64, generator=generator)
    tensors[f"{image}visual.proj"] = torch.randn(width[1], 64, generator=generator)
    tensors.pop(without, None)
    torch.save({"state_dict": tensors}, folder / "model.ckpt")
    return folder / "model.ckpt"


def test_the_clip_inside_a_tooncrafter_checkpoint_scores_pictures_and_captions(tmp_path):
    network = load_clip(checkpoint(tmp_path), section=TINY["open_clip"])
    frames = to_tensor(small_clip(size=SIZE).frames)
    seen = network.frame_features(frames)
    assert seen.shape == (len(frames), 64)
    assert not torch.allclose(seen[0], seen[-1])
    ids = torch.tensor([[510, 3, 4, 511] + [0] * 73])
    read = network.caption_features(ids)
    assert read.shape == (1, 64)
    assert not torch.allclose(read, network.caption_features(ids.roll(-1, 1).clamp(max=511)))


def test_a_checkpoint_whose_clip_lacks_its_projection_is_refused(tmp_path):
    path = checkpoint(tmp_path, without="embedder.model.visual.proj")
    with pytest.raises(CheckpointError, match="visual_projection"):
        load_clip(path, section=TINY["open_clip"])


def test_a_checkpoint_without_clip_is_refused(tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "model.ckpt")
    with pytest.raises(CheckpointError, match="no CLIP inside"):
        load_clip(tmp_path / "model.ckpt")


@pytest.mark.slow
def test_fvd_and_kvd_of_unknown_weights_say_so_and_rank_a_still_below_the_truth(tmp_path):
    torch.save(seeded_i3d().state_dict(), tmp_path / "i3d.pt")
    suite = small_suite(tmp_path / "clips", 3, frames=9, size=SIZE)
    weights = {"i3d-unknown": tmp_path / "i3d.pt"}
    bench = small_bench(suite, ("hold",), ("fvd", "kvd", "fvd-tf-hub"), weights=weights)
    table = evaluate(bench, tmp_path / "report", resamples=0, set_resamples=4).evaluation
    for name in ("fvd", "fvd-tf-hub"):
        value, found = cell(table, "hold", name)
        assert value > 1e-3
        assert abs(cell(table, "truth", name)[0]) < 1e-3
        assert found.low is not None
        assert found.high is not None
        assert found.low < value < found.high
    assert "unknown" in table.columns[0].protocol["settings"]["network"]
    assert any("FVD of 3 is biased" in remark for remark in table.remarks)


@pytest.mark.slow
def test_clips_too_short_for_fvd_are_refused_by_their_length(tmp_path):
    torch.save(seeded_i3d().state_dict(), tmp_path / "i3d.pt")
    suite = small_suite(tmp_path / "clips", 1, frames=8, size=SIZE)
    bench = small_bench(suite, ("hold",), ("fvd",), weights={"i3d-unknown": tmp_path / "i3d.pt"})
    with pytest.raises(ShapeError, match=r"clip 'a'.*8 frames"):
        evaluate(bench, tmp_path / "report")
