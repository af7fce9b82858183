import torch

from toontween.interpolators.ops.warp import backwarp


def test_no_flow_gives_the_picture_back():
    values = torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(backwarp(values, torch.zeros(1, 2, 5, 7)), values)


def test_each_pixel_is_fetched_from_where_its_flow_points():
    values = torch.arange(12.0).view(1, 1, 3, 4)
    flow = torch.tensor([1.0, 0.5]).view(1, 2, 1, 1).expand(1, 2, 3, 4)
    fetched = backwarp(values, flow)[0, 0]
    torch.testing.assert_close(fetched[0, :3], torch.tensor([3.0, 4.0, 5.0]))
    torch.testing.assert_close(fetched[0, 3], torch.tensor(5.0), msg="the edge is repeated")


def test_a_picture_of_one_pixel_is_warped_too():
    assert float(backwarp(torch.full((1, 1, 1, 1), 0.3), torch.full((1, 2, 1, 1), 9.0))) == (
        torch.tensor(0.3).item()
    )
