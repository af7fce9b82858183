import pickle

import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.metrics.clip.network import ClipNetwork
from toontween.metrics.clips import Counted
from toontween.metrics.lpips.network import Lpips
from toontween.metrics.measures.learned import ClipScores, LpipsMeasure


@pytest.fixture(scope="module")
def lpips() -> Lpips:
    network = Lpips("squeeze", weights="by number")
    random = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=random).abs() * 0.05
    return network.eval()


def see(pixels: torch.Tensor) -> torch.Tensor:
    """Eight numbers of a picture."""
    return torch.nn.functional.adaptive_avg_pool2d(pixels, (2, 4)).mean(dim=1).flatten(1)


def read(ids: torch.Tensor) -> torch.Tensor:
    return ids.float()


def tokenise(caption: str) -> torch.Tensor:
    """Eight letters' numbers."""
    return torch.tensor([[ord(letter) % 7 for letter in caption.ljust(8)[:8]]])


CLIP = ClipNetwork(name="eight numbers", side_px=32, see=see, read=read)


def clip(seed: int, count: int = 5) -> torch.Tensor:
    return torch.rand(count, 3, 36, 48, generator=torch.Generator().manual_seed(seed))


def test_lpips_is_the_mean_of_the_inbetweens(lpips):
    measure = LpipsMeasure(lpips, batch_size=2)
    measure.update(clip(0), clip(1))
    with torch.inference_mode():
        expected = lpips(clip(0), clip(1))[1:-1].mean()
    assert float(measure.compute()["lpips"]) == pytest.approx(float(expected), rel=1e-5)


def test_the_keys_count_when_they_are_asked_for(lpips):
    measure = LpipsMeasure(lpips, counted=Counted.ALL)
    measure.update(clip(0), clip(1))
    with torch.inference_mode():
        expected = lpips(clip(0), clip(1)).mean()
    assert float(measure.compute()["lpips"]) == pytest.approx(float(expected), rel=1e-5)


def test_equal_clips_are_at_no_distance_and_of_full_score(lpips):
    distance, score = LpipsMeasure(lpips), ClipScores(CLIP)
    distance.update(clip(0), clip(0))
    score.update(clip(0), clip(0))
    assert float(distance.compute()["lpips"]) == 0
    assert float(score.compute()["clip_img"]) == pytest.approx(1)


def test_the_protocol_of_lpips_names_net_weights_and_frames(lpips):
    told = LpipsMeasure(lpips).protocol.describe()
    expected = (
        "frames=in-betweens, mean=frames, then clips, net=squeeze, range=0…1, weights=by number"
    )
    assert told == f"lpips (v0.1): {expected}"
    assert LpipsMeasure(lpips, counted=Counted.ALL).protocol != LpipsMeasure(lpips).protocol


def test_lpips_of_the_wrong_range_is_refused_by_clip_and_frame(lpips):
    measure = LpipsMeasure(lpips)
    measure.update(clip(0), clip(1))
    with pytest.raises(InputError, match=r"clip 1: frame 0 of ours .*0…1"):
        measure.update(clip(0) * 2 - 1, clip(1))


def test_clip_scores_are_means_of_single_cosines():
    measure = ClipScores(CLIP, tokenise=tokenise, batch_size=2)
    measure.update(clip(0), clip(1), "a cat")
    ours, truth = (CLIP.frame_features(clip(seed))[1:-1].double() for seed in (0, 1))
    caption = tokenise("a cat").double()
    cosine = torch.nn.functional.cosine_similarity
    found = {name: float(value) for name, value in measure.compute().items()}
    assert found["clip_img"] == pytest.approx(float(cosine(ours, truth).mean()), rel=1e-6)
    assert found["clip_txt"] == pytest.approx(float(cosine(ours, caption).mean()), rel=1e-6)


def test_a_clip_without_a_caption_has_no_text_score():
    measure = ClipScores(CLIP, tokenise=tokenise)
    for caption in ("a cat", None, "  "):
        measure.update(clip(0), clip(1), caption)
    assert measure.num_undefined() == {"clip_img": 0, "clip_txt": 2}
    assert not measure.compute()["clip_txt"].isnan()


def test_without_a_tokeniser_only_pictures_are_scored():
    measure = ClipScores(CLIP)
    measure.update(clip(0), clip(1))
    assert list(measure.compute()) == ["clip_img"]
    with pytest.raises(InputError, match="clip 1: a caption was given, but no tokeniser"):
        measure.update(clip(0), clip(1), "a cat")


def test_the_protocol_of_clip_names_the_network():
    settings = ClipScores(CLIP).protocol.settings
    assert settings["network"] == "eight numbers"
    assert settings["resize"] == "PIL bicubic, shorter side to 32, middle square"


def test_clips_of_different_sizes_are_refused(lpips):
    for measure in (LpipsMeasure(lpips), ClipScores(CLIP)):
        with pytest.raises(ShapeError, match="clip 0: "):
            measure.update(clip(0), clip(1)[..., :-1])


def test_what_another_process_measured_is_merged(lpips):
    whole, parts = LpipsMeasure(lpips), [LpipsMeasure(lpips), LpipsMeasure(lpips)]
    for number, part in enumerate(parts):
        for measure in (whole, part):
            measure.update(clip(number), clip(number + 2))
    sent = pickle.loads(pickle.dumps(parts[1]))  # noqa: S301
    parts[0].merge_state(sent)
    assert float(parts[0].compute()["lpips"]) == pytest.approx(float(whole.compute()["lpips"]))


def test_reset_forgets_all_clips(lpips):
    measure = LpipsMeasure(lpips)
    measure.update(clip(0), clip(1))
    measure.reset()
    assert not len(measure.per_clip()["lpips"])
