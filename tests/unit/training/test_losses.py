"""The decoder's losses by themselves: what they are by hand, and that their gradients arrive."""

import pytest
import torch
from torch import Tensor, nn

from toontween.errors import InputError, UnavailableError
from toontween.metrics.lpips.backbones import build_backbone
from toontween.metrics.perceptual import SqueezeNetFeatures, squeezenet_distance
from toontween.training import losses
from toontween.training.losses import (
    LpipsLoss,
    SqueezeNetLoss,
    adaptive_weight,
    build_perceptual,
    discriminator_loss,
    generator_loss,
)


def noise(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def features_by_rule() -> SqueezeNetFeatures:
    """He-scaled noise for weights, so that features are about as large as the released network's."""
    network = SqueezeNetFeatures().requires_grad_(requires_grad=False)
    for number, weight in enumerate(network.parameters()):
        fan_in = weight[0].numel()
        weight.copy_(noise(*weight.shape, seed=number) * (2 / fan_in) ** 0.5)
    return network


@pytest.fixture
def perceptual(monkeypatch, tmp_path) -> SqueezeNetLoss:
    monkeypatch.setattr(losses, "load_squeezenet", lambda _: features_by_rule())
    made = build_perceptual("squeezenet", str(tmp_path / "squeezenet.npz"))
    assert isinstance(made, SqueezeNetLoss)
    return made


def pictures() -> tuple[Tensor, Tensor]:
    """Frames in −1…1 and what they should be; flat areas, as drawings have."""
    truth = torch.ones(2, 3, 32, 48)
    truth[0, :, 8:24, 10:30] = -0.8
    truth[1, 0, 12:20] = -1.0
    return (truth + 0.05 * noise(*truth.shape, seed=3)).clamp(-1, 1), truth


def test_the_perceptual_loss_is_the_measured_distance(perceptual):
    ours, truth = pictures()
    network = perceptual.features
    expected = squeezenet_distance(network((ours + 1) / 2), network((truth + 1) / 2))
    torch.testing.assert_close(perceptual(ours, truth), expected)
    assert not perceptual(truth, truth).any()


def test_the_perceptual_loss_pulls_at_our_frames_only(perceptual):
    ours, truth = (frames.requires_grad_() for frames in pictures())
    perceptual(ours, truth).sum().backward()
    assert ours.grad is not None
    assert ours.grad.isfinite().all()
    assert ours.grad.any()
    assert truth.grad is None
    assert all(not weight.requires_grad for weight in perceptual.parameters())


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_the_perceptual_loss_does_not_depend_on_the_precision_of_the_run(perceptual, precision):
    ours, truth = pictures()
    ours.requires_grad_()
    (wanted,) = torch.autograd.grad(perceptual(ours, truth).sum(), ours)
    with torch.autocast("cpu", dtype=precision):
        found = perceptual(ours, truth)
    (given,) = torch.autograd.grad(found.sum(), ours)
    torch.testing.assert_close(found, perceptual(ours, truth))
    torch.testing.assert_close(given, wanted)


def test_places_that_no_unit_answers_give_finite_gradients(perceptual):
    # the length of an all-zero feature vector has no derivative
    for conv in (perceptual.features.fire9.conv1x1_2, perceptual.features.fire9.conv3x3_2):
        conv.bias.fill_(-1e6)
    ours, truth = pictures()
    ours.requires_grad_()
    perceptual(ours, truth).sum().backward()
    assert ours.grad is not None
    assert ours.grad.isfinite().all()


def test_no_perceptual_term_is_none():
    assert build_perceptual("none", None) is None


def test_squeezenet_without_its_weights_is_refused(tmp_path):
    with pytest.raises(InputError, match="needs its weights"):
        build_perceptual("squeezenet", None)
    with pytest.raises(UnavailableError, match=r"no SqueezeNet weights at .*missing\.npz"):
        build_perceptual("squeezenet", str(tmp_path / "missing.npz"))


def test_lpips_of_vgg_is_the_measure_and_has_a_gradient_outside_the_range_too(tmp_path):
    generator = torch.Generator().manual_seed(0)
    tensors = {
        f"features.{name}": torch.randn(value.shape, generator=generator) * 0.02
        for name, value in build_backbone("vgg").state_dict().items()
    }
    torch.save(tensors, tmp_path / "vgg16.pth")
    perceptual = build_perceptual("lpips-vgg", str(tmp_path / "vgg16.pth"))
    assert isinstance(perceptual, LpipsLoss)
    ours, truth = pictures()
    measured = perceptual.network((ours + 1) / 2, (truth + 1) / 2)
    assert torch.allclose(perceptual(ours, truth), measured)
    beyond = (ours * 3).requires_grad_()
    perceptual(beyond, truth).sum().backward()
    assert beyond.grad is not None
    assert beyond.grad.isfinite().all()
    assert beyond.grad.abs().sum() > 0


def test_lpips_without_its_weights_says_which(tmp_path):
    with pytest.raises(InputError, match="needs its weights") as caught:
        build_perceptual("lpips-vgg", None)
    assert "vgg16-397923af.pth" in str(caught.value.hint)
    with pytest.raises(UnavailableError, match=r"no weights of VGG16 at .*missing\.pth"):
        build_perceptual("lpips-vgg", str(tmp_path / "missing.pth"))


def test_the_discriminator_is_left_alone_by_what_it_tells_apart_with_a_margin():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, -3.0])
    assert discriminator_loss(real, fake) == 0
    assert discriminator_loss(fake, real) == pytest.approx(3.0)


def test_the_generator_is_to_score_high():
    assert generator_loss(torch.tensor([2.0, -1.0])) == pytest.approx(-0.5)


def test_the_adaptive_weight_is_bounded_where_the_discriminator_has_no_say():
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    found = adaptive_weight((3 * weight).sum(), (0 * weight).sum(), weight)
    assert found == pytest.approx(1e4)  # not √18 / δ
    assert weight.grad is None


def test_the_adaptive_weight_of_a_network_is_the_ratio_computed_by_backward_passes():
    first, last = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 3, 3)
    for number, weight in enumerate([*first.parameters(), *last.parameters()]):
        weight.data = noise(*weight.shape, seed=number)
    frames, lengths = noise(2, 3, 8, 8, seed=9), []
    for power in (1, 2):
        last.zero_grad()
        last(first(frames)).abs().pow(power).mean().backward()
        assert last.weight.grad is not None
        lengths.append(last.weight.grad.norm())
    decoded = last(first(frames))
    found = adaptive_weight(
        decoded.abs().mean(), decoded.square().mean(), dict(last.named_parameters())["weight"]
    )
    torch.testing.assert_close(found, lengths[0] / (lengths[1] + 1e-4))
    decoded.sum().backward()  # the graph is still there
