import pytest
import torch

from toontween.metrics.weights import weights_digest

WEIGHTS = {"a": torch.arange(4.0), "b": torch.ones(2, 2)}


def test_a_digest_does_not_depend_on_the_order_or_layout_of_tensors():
    again = {"b": torch.ones(2, 2).T, "a": torch.arange(8.0)[:4]}
    assert weights_digest(again) == weights_digest(WEIGHTS)
    assert len(weights_digest(WEIGHTS)) == 12


@pytest.mark.parametrize(
    "change",
    [
        {"a": torch.arange(4.0) + 1e-6},
        {"a": torch.arange(4.0).view(2, 2)},
        {"a": torch.arange(4.0).double()},
        {"c": torch.zeros(1)},
    ],
    ids=["a value", "a shape", "a type", "a name"],
)
def test_another_digest_follows_from_another(change):
    assert weights_digest(WEIGHTS | change) != weights_digest(WEIGHTS)
