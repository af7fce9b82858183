"""Latents on disk are what the encoder would have given, and no others are taken."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_runs import NETWORKS, tiny_run, write_squares
from toontween.errors import InputError, MediaError
from toontween.training.batches import SampleSet, collate
from toontween.training.config import (
    DataConfig,
    DecoderConfig,
    ObjectiveConfig,
    RunConfig,
    VideoConfig,
)
from toontween.training.draws import Draws
from toontween.training.latents import LatentSet, encode_shards, encoder_hash
from toontween.training.networks import build_vae
from toontween.training.objectives.conditioning import encode_clip
from toontween.training.records import read_record
from toontween.training.trainer import train


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("shards"), count=3)


@pytest.fixture(scope="module")
def latents(tmp_path_factory: pytest.TempPathFactory, shards: Path) -> Path:
    folder = tmp_path_factory.mktemp("latents")
    encode_shards([shards], build_vae(NETWORKS, seed=1), folder, mirrored=True)
    return folder


def with_latents(shards: Path, objective: ObjectiveConfig, latents: Path | None) -> RunConfig:
    run = tiny_run(shards, objective=objective)
    data = dataclasses.replace(run.data, latents=None if latents is None else str(latents))
    return dataclasses.replace(run, data=data)


def test_a_sample_has_the_latents_that_would_be_computed(shards: Path, latents: Path) -> None:
    vae = build_vae(NETWORKS, seed=1)
    fields = {"shards": (str(shards),), "num_frames": 4, "mirror": 0.5, "reverse": 0.5}
    kept = SampleSet(DataConfig(**fields, latents=str(latents)), seed=3)  # pyright: ignore[reportArgumentType]
    fresh = SampleSet(DataConfig(**fields), seed=3)  # pyright: ignore[reportArgumentType]
    ours, theirs = (collate([found[n] for n in range(8)]) for found in (kept, fresh))
    assert ours.moments is not None
    assert theirs.moments is None
    draws = Draws(0, ours.numbers)
    expected = encode_clip(vae, theirs, draws)
    torch.testing.assert_close(encode_clip(vae, ours, draws), expected, rtol=2e-3, atol=2e-3)
    # mirrored and reversed ones are among them, or the comparison would say nothing
    assert len({s.tobytes() for s in np.asarray(expected)}) > 3


def test_scaled_drawings_are_encoded_scaled(shards: Path, tmp_path: Path) -> None:
    vae = build_vae(NETWORKS, seed=1)
    encode_shards([shards], vae, tmp_path / "small", size=(16, 16))
    config = DataConfig(
        shards=(str(shards),), num_frames=4, size=(16, 16), latents=str(tmp_path / "small")
    )
    batch = collate([SampleSet(config, seed=0)[0]])
    assert batch.moments is not None
    assert batch.moments.shape[-2:] == (2, 2)
    with pytest.raises(InputError, match=r"data\.size is None"):
        SampleSet(DataConfig(shards=(str(shards),), latents=str(tmp_path / "small")), seed=0)


def test_a_run_with_kept_latents_has_the_losses_of_one_without(
    shards: Path, latents: Path, tmp_path: Path
) -> None:
    losses = []
    for name, folder in (("fresh", None), ("kept", latents)):
        run = with_latents(shards, VideoConfig(variant="all"), folder)
        train(run, tmp_path / name)
        losses.append([line["loss/generator"] for line in read_record(tmp_path / name, "train")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0] != losses[1]


def test_encoding_goes_on_where_it_was_and_gives_the_same_bytes(
    shards: Path, latents: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    first = encode_shards([shards], build_vae(NETWORKS, seed=1), again, mirrored=True)[0]
    assert first.read_bytes() == (latents / first.name).read_bytes()
    stamp = first.stat().st_mtime_ns
    encode_shards([shards], build_vae(NETWORKS, seed=1), again, mirrored=True)
    assert first.stat().st_mtime_ns == stamp


def test_latents_of_another_encoder_are_refused(
    shards: Path, latents: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="encoder_sha256 differs"):
        encode_shards([shards], build_vae(NETWORKS, seed=2), latents, mirrored=True)
    run = dataclasses.replace(with_latents(shards, VideoConfig(), latents), seed=2)
    with pytest.raises(InputError, match="another encoder"):
        train(run, tmp_path / "run")


def test_a_decoder_does_not_learn_from_latents(shards: Path, latents: Path, tmp_path: Path) -> None:
    run = with_latents(shards, DecoderConfig(), latents)
    with pytest.raises(InputError, match="learns from pictures"):
        train(run, tmp_path / "run")


def test_mirrored_drawings_are_encoded_on_request(shards: Path, tmp_path: Path) -> None:
    encode_shards([shards], build_vae(NETWORKS, seed=1), tmp_path / "plain")
    config = DataConfig(shards=(str(shards),), mirror=0.5, latents=str(tmp_path / "plain"))
    with pytest.raises(InputError, match=r"data\.mirror is 0\.5, and .* has no mirrored drawings"):
        SampleSet(config, seed=0)
    with pytest.raises(InputError, match="mirrored differs"):
        encode_shards([shards], build_vae(NETWORKS, seed=1), tmp_path / "plain", mirrored=True)


def test_clips_without_latents_are_named(shards: Path, latents: Path, tmp_path: Path) -> None:
    more = write_squares(tmp_path / "more", count=5)
    with pytest.raises(InputError, match="lacks the latents of 2 clips, such as"):
        SampleSet(DataConfig(shards=(str(more),), latents=str(latents)), seed=0)
    with pytest.raises(MediaError, match="holds no latents"):
        LatentSet(shards)


def test_damaged_latents_are_skipped_like_damaged_clips(shards: Path, tmp_path: Path) -> None:
    encode_shards([shards], build_vae(NETWORKS, seed=1), tmp_path / "cut")
    path = tmp_path / "cut" / "00000.safetensors"
    config = DataConfig(shards=(str(shards),), num_frames=4, latents=str(tmp_path / "cut"))
    samples = SampleSet(config, seed=0)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(MediaError, match="cannot be used; the last: latents of clip"):
        samples[0]


def test_the_hash_is_of_what_encodes() -> None:
    vae = build_vae(NETWORKS, seed=1)
    before = encoder_hash(vae)
    with torch.no_grad():
        vae.decoder.conv_in.weight.add_(1)
    assert encoder_hash(vae) == before
    with torch.no_grad():
        vae.encoder.conv_in.weight.add_(1)
    assert encoder_hash(vae) != before
