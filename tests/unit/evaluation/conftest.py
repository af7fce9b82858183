"""How often methods draw and measures are taken."""

from collections import Counter

import pytest

from toontween.data.clips import Clip
from toontween.evaluation import runner
from toontween.evaluation.methods import MethodSpec


@pytest.fixture
def drawn(monkeypatch) -> Counter[str]:
    """How often each method has drawn."""
    counter: Counter[str] = Counter()
    really = runner.draw

    def draw(spec: MethodSpec, clip: Clip):
        counter[spec.label] += 1
        return really(spec, clip)

    monkeypatch.setattr(runner, "draw", draw)
    return counter


@pytest.fixture
def measured(monkeypatch) -> Counter[str]:
    """How often each measure was taken."""
    counter: Counter[str] = Counter()
    really = runner.observe

    def observe(observation, measures):
        counter.update(measure.name for measure in measures)
        return really(observation, measures)

    monkeypatch.setattr(runner, "observe", observe)
    return counter
