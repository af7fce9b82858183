"""Golden values with weights by rule need no file; those with the released weights need `--squeezenet-weights FILE`."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.metrics.squeezenet_by_rule import frames_by_rule, weights_by_rule
from toontween.errors import CheckpointError, ShapeError, UnavailableError
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr
from toontween.metrics.motion import share_of_true_motion
from toontween.metrics.perceptual import (
    SqueezeNetFeatures,
    load_squeezenet,
    pooled_features,
    squeezenet_distance,
)


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """An .npz with one entry an array, as numpy writes it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, array)
    return path


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory) -> Path:
    return write_npz(tmp_path_factory.mktemp("weights") / "by_rule.npz", weights_by_rule())


@pytest.fixture(scope="module")
def network(weights_file) -> SqueezeNetFeatures:
    return load_squeezenet(weights_file, sha256=None)


def test_distance_and_features_are_those_of_the_reference_code(network):
    ours, truth = (network(frames_by_rule(tag, (4, 4, 6))) for tag in ("pa", "pb"))
    expected = [1.4709324837, 1.5509805679, 1.8430767059, 1.7801004648]
    assert squeezenet_distance(ours, truth).tolist() == pytest.approx(expected, rel=1e-4)
    pooled = pooled_features(ours)
    assert pooled.shape == (4, 1280)
    some = [73.920662, 2.198375940, 1.697070479, 1.563096285, 0.0, 3.820293188]
    found = pooled[0, [0, 255, 256, 767, 768, 1279]].tolist()
    assert found == pytest.approx(some, rel=1e-3, abs=1e-4)
    distance = frechet_distance(pooled, pooled_features(truth))
    assert distance == pytest.approx(316668.97, rel=1e-3)


def test_equal_pictures_are_no_distance_apart(network):
    maps = network(frames_by_rule("pa", (2, 2, 2)))
    assert squeezenet_distance(maps, maps).tolist() == [0, 0]


def test_a_stronger_change_is_a_larger_distance(network):
    picture, other = (frames_by_rule(tag, (1, 4, 4)) for tag in ("pa", "pb"))
    maps = network(picture)
    little, much = (network(picture.lerp(other, share)) for share in (0.1, 0.6))
    assert squeezenet_distance(little, maps) < squeezenet_distance(much, maps)


def test_pictures_too_small_for_the_pools_are_refused(network):
    assert len(network(torch.zeros(1, 3, 21, 21))) == 4
    with pytest.raises(ShapeError, match="21 pixels"):
        network(torch.zeros(1, 3, 20, 40))


def test_maps_of_different_pictures_sizes_are_not_compared(network):
    small, large = (network(torch.zeros(1, 3, side, side)) for side in (21, 40))
    with pytest.raises(ShapeError, match="cannot be compared"):
        squeezenet_distance(small, large)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(UnavailableError, match=r"net\.npz.*SqueezeNet v1\.0"):
        load_squeezenet(tmp_path / "net.npz")


def test_weights_of_another_release_are_refused_by_their_hash(weights_file):
    with pytest.raises(CheckpointError, match=r"by_rule\.npz has sha256.*418400d6fd51"):
        load_squeezenet(weights_file)


def test_weights_that_lack_a_layer_are_refused(tmp_path):
    weights = weights_by_rule()
    del weights["fire5.conv3x3_2.bias"]
    write_npz(tmp_path / "net.npz", weights)
    with pytest.raises(CheckpointError, match=r"lacks 'fire5\.conv3x3_2\.bias'"):
        load_squeezenet(tmp_path / "net.npz", sha256=None)


def test_weights_of_the_wrong_shape_are_refused(tmp_path):
    weights = weights_by_rule() | {"conv1.weight": np.zeros((64, 3, 3, 3), np.float32)}
    write_npz(tmp_path / "net.npz", weights)
    with pytest.raises(CheckpointError, match=r"'conv1\.weight'.*\(64, 3, 3, 3\)"):
        load_squeezenet(tmp_path / "net.npz", sha256=None)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "net.npz").write_bytes(content)
    with pytest.raises(CheckpointError, match="not a readable"):
        load_squeezenet(tmp_path / "net.npz", sha256=None)


def test_pickled_objects_are_not_loaded(tmp_path):
    objects = {name: np.array([None]) for name in weights_by_rule()}
    write_npz(tmp_path / "net.npz", objects)
    with pytest.raises(CheckpointError, match="not a readable"):
        load_squeezenet(tmp_path / "net.npz", sha256=None)


@pytest.mark.weights
def test_the_picture_measures_are_the_published_ones_with_the_released_weights(squeezenet_weights):
    network = load_squeezenet(squeezenet_weights)
    ours, truth = (frames_by_rule(tag, (16, 10, 16)) for tag in ("pa", "pb"))
    our_maps, true_maps = network(ours[1:-1]), network(truth[1:-1])
    assert float(squeezenet_distance(our_maps, true_maps).mean()) == pytest.approx(
        2.33368, abs=1e-4
    )
    decibels = psnr(ours[1:-1], truth[1:-1], mse_floor=EIGHT_BIT_MSE_FLOOR).mean()
    assert float(decibels) == pytest.approx(11.05047, abs=1e-4)
    distance = frechet_distance(pooled_features(our_maps), pooled_features(true_maps))
    assert distance == pytest.approx(18149.88, rel=1e-4)
    assert share_of_true_motion(ours, truth) == pytest.approx(0.0047476, abs=1e-6)
