"""The line extractor at a tiny size, beside a U-Net nested as the published one is."""

import pytest
import torch
from torch import Tensor, nn

from toontween.checkpoints.maps.line_extractor import KEY_MAP
from toontween.errors import InputError, ShapeError
from toontween.models.line_extractor import LineExtractor


class NestedLevel(nn.Module):
    """One level of the pix2pix generator: its sequence holds the next deeper level."""

    def __init__(self, widths: list[int], entering: int, leaving: int, *, outermost: bool) -> None:
        super().__init__()
        width, innermost = widths[0], len(widths) == 1
        down = nn.Conv2d(entering, width, 4, 2, 1)
        up = nn.ConvTranspose2d(width if innermost else 2 * width, leaving, 4, 2, 1)
        layers: list[nn.Module] = [] if outermost else [nn.LeakyReLU(0.2)]
        layers.append(down)
        if not outermost and not innermost:
            layers.append(nn.InstanceNorm2d(width))
        if not innermost:
            layers.append(NestedLevel(widths[1:], width, width, outermost=False))
        layers += [nn.ReLU(), up, nn.Tanh() if outermost else nn.InstanceNorm2d(leaving)]
        self.model = nn.Sequential(*layers)
        self.outermost = outermost

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Published(nn.Module):
    def __init__(self, base: int, num_downs: int) -> None:
        super().__init__()
        widths = [base * min(2**level, 8) for level in range(num_downs)]
        self.model = NestedLevel(widths, 3, 1, outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


@pytest.fixture
def extractor() -> LineExtractor:
    return LineExtractor(base_channels=2, num_downs=3).eval()


@torch.no_grad()
@pytest.mark.parametrize(("num_downs", "side"), [(2, 8), (5, 64), (8, 256)])
def test_it_computes_what_the_nested_network_computes(num_downs, side):
    reference = Published(2, num_downs).eval()
    network = LineExtractor(base_channels=2, num_downs=num_downs).eval()
    named = {f"module.{name}": tensor for name, tensor in reference.state_dict().items()}
    network.load_state_dict(KEY_MAP.convert(named))
    pictures = torch.rand(2, 3, side, 2 * side) * 2 - 1
    assert torch.allclose(network(pictures), reference(pictures), atol=1e-5)


@torch.no_grad()
def test_lines_of_a_picture_of_any_size_have_its_size(extractor):
    pictures = torch.rand(2, 3, 21, 34)
    lines = extractor.extract(pictures, side_px=16)
    assert lines.shape == (2, 1, 21, 34)
    assert 0 <= lines.amin() < lines.amax() <= 1


@torch.no_grad()
def test_a_picture_of_the_networks_own_size_is_not_resampled(extractor):
    pictures = torch.rand(1, 3, 16, 16)
    expected = (extractor(pictures * 2 - 1) + 1) / 2
    assert torch.allclose(extractor.extract(pictures, side_px=16), expected, atol=1e-6)


@pytest.mark.parametrize("size", [(3, 12, 16), (3, 16, 4), (1, 16, 16)])
def test_pictures_that_do_not_fit_are_refused(extractor, size):
    with pytest.raises(ShapeError):
        extractor(torch.zeros(1, *size))


def test_a_network_of_one_level_is_refused():
    with pytest.raises(InputError, match="1 levels"):
        LineExtractor(num_downs=1)


@torch.no_grad()
def test_a_saved_extractor_returns_unchanged(extractor, tmp_path):
    extractor.save_pretrained(tmp_path)
    loaded = LineExtractor.from_pretrained(tmp_path)
    assert isinstance(loaded, LineExtractor)
    pictures = torch.rand(1, 3, 8, 8)
    assert torch.equal(loaded(pictures), extractor(pictures))
