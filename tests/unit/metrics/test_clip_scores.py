"""Golden values: transformers' PIL processor, OpenAI's recipe, open_clip's tokenizer, the arithmetic of scores (`data/clip.json`)."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from tests.unit.metrics.toon_frames import toon_frame
from toontween.checkpoints.tokenizer import build_tokenizer
from toontween.errors import CheckpointError, InputError, ShapeError
from toontween.metrics.clip.network import (
    ClipNetwork,
    from_clip_model,
    from_model_towers,
    from_projected_towers,
)
from toontween.metrics.clip.pixels import MEAN, STD, clip_pixels
from toontween.metrics.clip.scores import clip_image_score, clip_text_score, framewise_cosine
from toontween.pipelines.inputs.prompts import prompt_ids

GOLDEN = json.loads((Path(__file__).parent / "data" / "clip.json").read_text())["clip"]
IDS = torch.tensor([[62, 5, 9, 63, 0, 0], [62, 7, 63, 0, 0, 0]])


def frames(count: int = 3, height: int = 40, width: int = 52) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0))


def tensor_of(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def model() -> CLIPModel:
    """Three small blocks a tower, with numbers of its own in every tensor."""
    text = CLIPTextConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=6,
        eos_token_id=63,
        bos_token_id=62,
        pad_token_id=0,
        projection_dim=8,
    )
    vision = CLIPVisionConfig(
        hidden_size=24,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        projection_dim=8,
    )
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8
    )
    made = CLIPModel(config).eval()
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.3)
    return made


@pytest.fixture(scope="module")
def network(model) -> ClipNetwork:
    return from_clip_model(model, name="small")


def test_the_pixels_are_those_of_transformers_and_openai():
    golden = GOLDEN["preprocess"]
    pixels = clip_pixels(tensor_of(toon_frame(4.0, 3, height=320, width=512)))[0]
    means = pixels.double().mean(dim=(1, 2)).tolist()
    assert means == pytest.approx(golden["hf_pil_mean_per_channel"], abs=1e-5)
    assert means == pytest.approx(golden["openai_recipe_pil_mean"], abs=1e-5)
    assert pixels[:, 0, 0].tolist() == pytest.approx(golden["hf_pil_corner"], abs=1e-5)
    sample = np.array(golden["hf_pil_sample[:,100,50:54]"])
    np.testing.assert_allclose(pixels[:, 100, 50:54].numpy(), sample, atol=1e-5, rtol=0)


def test_the_pixels_are_not_those_of_the_model_that_draws():
    golden = GOLDEN["preprocess"]["square_torch_bicubic_aa_align_corners_mean"]
    pixels = clip_pixels(tensor_of(toon_frame(4.0, 3, height=320, width=512)))[0]
    assert abs(pixels.mean(dim=(1, 2)) - torch.tensor(golden)).max() > 0.1


@pytest.mark.parametrize("size", [(320, 512), (301, 227), (97, 140), (224, 224), (500, 333)])
def test_every_size_is_prepared_as_transformers_does_it(size):
    picture = np.random.RandomState(0).randint(0, 256, (*size, 3)).astype(np.uint8)
    theirs = CLIPImageProcessorPil()(picture, return_tensors="pt")["pixel_values"]
    assert torch.allclose(clip_pixels(tensor_of(picture)), theirs, atol=1e-5)


def test_the_constants_are_the_published_ones():
    defaults = GOLDEN["image_processor_defaults"]
    assert (list(MEAN), list(STD)) == (defaults["image_mean"], defaults["image_std"])


def test_grey_pictures_are_refused():
    with pytest.raises(ShapeError, match="not 1 channels"):
        clip_pixels(torch.zeros(1, 1, 30, 30))


def features() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = np.random.RandomState(31)
    ours = random.standard_normal((16, 512))
    truth = ours + 0.4 * random.standard_normal((16, 512))
    caption = random.standard_normal(512) + 1.2 * ours.mean(0)
    return torch.from_numpy(ours), torch.from_numpy(truth), torch.from_numpy(caption)


def test_the_scores_are_the_published_arithmetic():
    ours, truth, caption = features()
    golden = GOLDEN["score_arithmetic"]
    assert clip_image_score(ours, truth) == pytest.approx(golden["clip_img_mean_framewise_cos"])
    assert clip_text_score(ours, caption) == pytest.approx(golden["clip_txt_mean_cos"])
    steady = framewise_cosine(ours[:-1], ours[1:]).mean()
    assert float(steady) == pytest.approx(golden["consecutive_frame_consistency"])
    pairs = torch.stack([framewise_cosine(ours, frame[None]) for frame in truth]).mean()
    assert float(pairs) == pytest.approx(golden["clip_img_all_pairs_mean_cos"])


def test_features_are_never_averaged_first():
    ours, truth, _ = features()
    means = [(x / x.norm(dim=1, keepdim=True)).mean(dim=0, keepdim=True) for x in (ours, truth)]
    averaged = float(framewise_cosine(means[0], means[1]))
    assert averaged == pytest.approx(GOLDEN["score_arithmetic"]["cos_of_mean_feature"])
    assert clip_image_score(ours, truth) != pytest.approx(averaged, abs=1e-3)


def test_the_length_of_features_does_not_count():
    ours, truth, caption = features()
    assert clip_image_score(ours * 7, truth / 3) == pytest.approx(clip_image_score(ours, truth))
    assert clip_text_score(ours, caption * 5) == pytest.approx(clip_text_score(ours, caption))


@pytest.mark.parametrize("count", [1, 15])
def test_sets_of_different_lengths_are_not_compared(count):
    ours, truth, _ = features()
    with pytest.raises(ShapeError, match=f"16 frames cannot be compared with {count}"):
        clip_image_score(ours, truth[:count])


@pytest.mark.parametrize("prompt", GOLDEN["tokens"])
def test_captions_are_cut_into_the_published_tokens(prompt):
    files = metadata.files("open_clip_torch") or []
    [table] = [file for file in files if file.name == "bpe_simple_vocab_16e6.txt.gz"]
    ids = prompt_ids([prompt], build_tokenizer(Path(str(table.locate()))), length=77)[0]
    golden = GOLDEN["tokens"][prompt]
    assert ids[: len(golden)].tolist() == golden
    assert not ids[len(golden) :].any()


def test_frames_and_captions_have_the_features_of_the_whole_model(model, network):
    pixels = clip_pixels(frames(), side_px=28)
    with torch.inference_mode():
        whole = model(pixel_values=pixels, input_ids=IDS)
    found = network.frame_features(frames(), batch_size=2)
    assert torch.allclose(framewise_cosine(found, whole.image_embeds), torch.ones(3).double())
    assert torch.allclose(
        framewise_cosine(network.caption_features(IDS), whole.text_embeds), torch.ones(2).double()
    )


def test_two_towers_with_projections_are_the_same_network(model, network):
    image = CLIPVisionModelWithProjection(model.config.vision_config)
    text = CLIPTextModelWithProjection(model.config.text_config)
    state = model.state_dict()
    image.load_state_dict({n: t for n, t in state.items() if n.startswith("vis")})
    text.load_state_dict({n: t for n, t in state.items() if n.startswith("text")})
    pair = from_projected_towers(image, text, name="pair")
    assert torch.allclose(pair.frame_features(frames()), network.frame_features(frames()))
    assert torch.allclose(pair.caption_features(IDS), network.caption_features(IDS))


def drawing_towers(model: Any):
    """The towers as the project's model holds them, and what is left over of the whole model."""
    image = CLIPVisionModel(model.config.vision_config)
    image.load_state_dict(model.vision_model.state_dict())
    config = CLIPTextConfig(**(model.config.text_config.to_dict() | {"num_hidden_layers": 2}))
    text = CLIPTextModel(config)
    state = model.text_model.state_dict()
    last = "encoder.layers.2."
    text.load_state_dict({n: t for n, t in state.items() if not n.startswith(last)})
    rest = {n: t for n, t in state.items() if n.startswith(last)}
    rest["text_projection"] = model.text_projection.weight.detach().T
    rest["visual_projection"] = model.visual_projection.weight.detach().T
    return image, text, rest


def test_the_towers_that_draw_are_completed_to_the_whole_model(model, network):
    image, text, rest = drawing_towers(model)
    made = from_model_towers(image, text, rest)
    assert torch.allclose(made.frame_features(frames()), network.frame_features(frames()))
    assert torch.allclose(
        made.caption_features(IDS), network.caption_features(IDS), rtol=1e-4, atol=1e-6
    )


def test_the_towers_that_draw_stay_as_they_are(model):
    image, text, rest = drawing_towers(model)
    with torch.inference_mode():
        before = text(input_ids=IDS).last_hidden_state
        from_model_towers(image, text, rest).caption_features(IDS)
        after = text(input_ids=IDS).last_hidden_state
    assert len(text.encoder.layers) == text.config.num_hidden_layers == 2
    assert torch.equal(before, after)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"text_projection": None}, "text_projection is missing"),
        ({"visual_projection": torch.zeros(16, 8)}, "visual_projection is .16, 8., expected 24"),
        ({"text_projection": torch.zeros(16, 9)}, "spaces of 9 and 8"),
        ({"encoder.layers.2.mlp.fc1.bias": None}, "encoder.layers.2.mlp.fc1.bias"),
        ({"encoder.layers.2.mlp.fc1.bias": torch.zeros(5)}, "does not complete the text tower"),
        ({"encoder.layers.1.mlp.fc1.bias": torch.zeros(32)}, "encoder.layers.1.mlp.fc1.bias"),
    ],
)
def test_what_does_not_complete_the_towers_is_refused_by_name(change, told, model):
    image, text, rest = drawing_towers(model)
    rest = {n: t for n, t in (rest | change).items() if t is not None}
    with pytest.raises(CheckpointError, match=told):
        from_model_towers(image, text, rest)


def test_a_network_without_a_text_tower_scores_no_captions(model):
    image = CLIPVisionModelWithProjection(model.config.vision_config)
    with pytest.raises(InputError, match="alone has no text tower"):
        from_projected_towers(image, None, name="alone").caption_features(IDS)
