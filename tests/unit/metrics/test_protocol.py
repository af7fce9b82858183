import copy
import json
import pickle

import pytest

from toontween.errors import InputError
from toontween.metrics.protocol import MeasureProtocol


def protocol(**settings: str | int | float) -> MeasureProtocol:
    return MeasureProtocol(measure="fvd", version="lvdm", settings=settings)


def test_protocols_are_equal_when_everything_they_fix_is():
    assert protocol(frames=16, resize="stretch") == protocol(resize="stretch", frames=16)
    assert hash(protocol(frames=16, a=1)) == hash(protocol(a=1, frames=16))
    assert protocol(frames=16) != protocol(frames=14)
    assert protocol(frames=16) != MeasureProtocol(
        measure="kvd", version="lvdm", settings={"frames": 16}
    )


def test_a_protocol_is_one_line_beside_a_number():
    line = protocol(resize="stretch to 224", eps=1e-3, frames=16).describe()
    assert line == "fvd (lvdm): eps=0.001, frames=16, resize=stretch to 224"


def test_a_protocol_without_settings_is_named_all_the_same():
    assert protocol().describe() == "fvd (lvdm)"


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda x: pickle.loads(pickle.dumps(x)),  # noqa: S301
        lambda x: MeasureProtocol(**json.loads(json.dumps(x.record()))),
    ],
    ids=["copied", "sent to another process", "read from a report"],
)
def test_a_protocol_survives_being(copied):
    assert copied(protocol(frames=16, eps=1e-3)) == protocol(frames=16, eps=1e-3)


def test_settings_cannot_be_changed_afterwards():
    given = {"frames": 16}
    kept = MeasureProtocol(measure="fvd", version="lvdm", settings=given)
    given["frames"] = 8
    assert kept.settings["frames"] == 16
    with pytest.raises(TypeError):
        kept.settings["frames"] = 8  # type: ignore[index]


def test_two_protocols_say_where_they_part():
    ours, theirs = protocol(frames=16, eps=1e-3), protocol(frames=14, resize="crop", eps=1e-3)
    assert ours.differences(theirs) == ["frames: 16 or 14", "resize: nothing or crop"]
    assert ours.differences(ours) == []


@pytest.mark.parametrize("value", [None, float("nan"), [16]])
def test_a_setting_that_cannot_be_compared_is_refused(value):
    with pytest.raises((InputError, TypeError), match=r"frames|settings"):
        MeasureProtocol(measure="fvd", version="lvdm", settings={"frames": value})


def test_a_protocol_without_a_version_is_refused():
    with pytest.raises(InputError, match="version"):
        MeasureProtocol(measure="fvd", version="")
