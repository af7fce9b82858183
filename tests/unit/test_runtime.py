"""Settings from the environment, and the device."""

import pytest

from toontween import runtime
from toontween.errors import InputError, UnavailableError


def test_an_empty_environment_gives_the_defaults(monkeypatch):
    for name in ("OFFLINE", "CACHE_DIR", "MAX_PIXELS", "MAX_FRAMES", "MAX_BYTES"):
        monkeypatch.delenv(f"TOONTWEEN_{name}", raising=False)
    assert runtime.read_settings() == runtime.Settings()


def test_the_environment_overrides_the_defaults(monkeypatch, tmp_path):
    monkeypatch.setenv("TOONTWEEN_OFFLINE", "1")
    monkeypatch.setenv("TOONTWEEN_MAX_PIXELS", "1000")
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    settings = runtime.read_settings()
    assert settings.offline
    assert settings.max_pixels == 1000
    assert settings.weights_dir() == tmp_path


@pytest.mark.parametrize(
    ("name", "value"), [("OFFLINE", "maybe"), ("MAX_PIXELS", "-5"), ("MAX_BYTES", "2G")]
)
def test_a_setting_that_cannot_be_read_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"TOONTWEEN_{name}", value)
    with pytest.raises(InputError, match=f"TOONTWEEN_{name}='{value}'"):
        runtime.read_settings()


def test_the_cpu_is_always_there():
    assert runtime.pick_device("cpu").type == "cpu"


def test_a_word_that_is_no_device_is_refused():
    with pytest.raises(InputError, match="'gpu' is not a device"):
        runtime.pick_device("gpu")


def test_a_device_this_machine_lacks_is_said_to_be_missing():
    with pytest.raises(UnavailableError, match="no 'xpu' device"):
        runtime.pick_device("xpu")


def test_versions_name_what_decides_the_picture():
    assert {"python", "toontween", "torch", "diffusers"} <= runtime.versions().keys()
