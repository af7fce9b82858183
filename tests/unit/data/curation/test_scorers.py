"""Numbers that clips are judged by."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

from tests.unit.data.curation.tiny_films import drawings
from tests.unit.data.curation.tiny_onnx import write_bright_is_text
from toontween.data.clips import Clip
from toontween.data.curation.scorers import (
    Aesthetic,
    Motion,
    Similarity,
    TextArea,
    build_scorer,
    picture_embeddings,
)
from toontween.errors import InputError, UnavailableError, UnknownNameError


def clip(frames: np.ndarray, *, caption: str = "", exposures: tuple[int, ...] = ()) -> Clip:
    return Clip(key="a", frames=frames, fps=24.0, caption=caption, exposures=exposures)


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "projection_dim": 16}
    config = CLIPConfig(
        text_config={
            **sizes,
            **heads,
            "vocab_size": 8,
            "max_position_embeddings": 6,
            "eos_token_id": 2,
        },
        vision_config={**sizes, **heads, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    words = {"<unk>": 0, "a": 1, "<eos>": 2, "cat": 3, "walks": 4}
    special = {"unk_token": "<unk>", "eos_token": "<eos>", "pad_token": "<eos>"}
    tokenizer = Tokenizer(WordLevel(words, "<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    return folder


def sliding(pixels: int, count: int = 25) -> np.ndarray:
    rng = np.random.default_rng(0)
    texture = np.kron(rng.integers(0, 255, (16, 60)), np.ones((8, 8))).astype(np.uint8)
    frames = [texture[:, pixels * n : pixels * n + 256] for n in range(count)]
    return np.repeat(np.stack(frames)[..., None], 3, axis=3)


def test_motion_is_pixels_of_a_picture_256_wide_in_half_a_second() -> None:
    score = Motion({}).score
    assert score(clip(sliding(1))) == pytest.approx(12, rel=0.2)
    # the same drawings each held for two frames move half as fast
    held = clip(sliding(1), exposures=(2,) * 25)
    assert score(held) == pytest.approx(6, rel=0.2)
    assert score(clip(sliding(0))) < 0.05


def test_text_area_is_the_greatest_share_of_three_drawings(tmp_path: Path) -> None:
    scorer = TextArea({"text-area": write_bright_is_text(tmp_path / "net.onnx")})
    frames = np.zeros((3, 64, 96, 3), np.uint8)
    assert scorer.score(clip(frames)) == 0
    frames[1, 20:30, 20:70] = 255
    # the network's lines are shrunk; they are given back some of their surroundings
    assert 10 * 50 / (64 * 96) < scorer.score(clip(frames)) < 26 * 66 / (64 * 96)
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="not a readable ONNX"):
        TextArea({"text-area": tmp_path / "bad.onnx"})


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_the_aesthetic_score_is_linear_in_unit_embeddings(
    tmp_path: Path, clip_folder: Path, suffix: str
) -> None:
    head = {"weight": torch.arange(16.0)[None], "bias": torch.tensor([5.0])}
    path = tmp_path / f"head{suffix}"
    save_file(head, path) if suffix == ".safetensors" else torch.save(head, path)
    scorer = Aesthetic({"clip": clip_folder, "aesthetic": path})
    frames = drawings(1, 3)
    with torch.inference_mode():
        embeddings = picture_embeddings(CLIPModel.from_pretrained(clip_folder).eval(), list(frames))
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(3))
    expected = float((embeddings @ torch.arange(16.0) + 5).mean())
    assert scorer.score(clip(frames)) == pytest.approx(expected, rel=1e-5)


def test_a_head_of_another_clip_is_refused(tmp_path: Path, clip_folder: Path) -> None:
    save_file({"weight": torch.ones(1, 768), "bias": torch.ones(1)}, tmp_path / "head.safetensors")
    with pytest.raises(InputError, match="width 768, this CLIP gives 16"):
        Aesthetic({"clip": clip_folder, "aesthetic": tmp_path / "head.safetensors"})


def test_similarity_depends_on_the_caption_and_needs_one(clip_folder: Path) -> None:
    scorer, frames = Similarity({"clip": clip_folder}), drawings(1, 3)
    one, other = (
        scorer.score(clip(frames, caption=text)) for text in ("a cat walks", "walks walks")
    )
    assert -1 <= one <= 1
    assert one != other
    with pytest.raises(UnavailableError, match="no caption"):
        scorer.score(clip(frames))
    # longer than the network's six places
    assert -1 <= scorer.score(clip(frames, caption="a cat " * 20)) <= 1


def test_a_scorer_without_weights_says_which(tmp_path: Path, clip_folder: Path) -> None:
    missing = build_scorer("aesthetic", {"clip": clip_folder}, {})
    assert isinstance(missing, UnavailableError)
    assert "--weights aesthetic=PATH" in missing.message
    gone = build_scorer("text-area", {"text-area": tmp_path / "gone.onnx"}, {})
    assert isinstance(gone, UnavailableError)
    assert "gone.onnx" in gone.message
    with pytest.raises(UnknownNameError, match="beauty"):
        build_scorer("beauty", {}, {})
    with pytest.raises(InputError, match=r"no\.such\.module:Thing: No module"):
        build_scorer("beauty", {}, {"beauty": "no.such.module:Thing"})
    with pytest.raises(InputError, match="is not MODULE:NAME"):
        build_scorer("beauty", {}, {"beauty": "thing"})
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no CLIP"):
        build_scorer("similarity", {"clip": tmp_path / "empty"}, {})
