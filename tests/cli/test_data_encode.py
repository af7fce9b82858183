"""`toontween data encode` as it is called."""

import json

from tests.unit.training.tiny_runs import NETWORKS, write_squares
from toontween.training.networks import build_vae


def test_clips_are_encoded_once(toontween, folder):
    write_squares(folder / "clips", count=2)
    build_vae(NETWORKS, seed=0).save_pretrained(str(folder / "vae"))
    call = ("data", "encode", "clips", "--vae", "vae", "-o", "latents", "--device", "cpu")
    code, out, err = toontween(*call, "--json")
    assert code == 0, err
    assert json.loads(out)["files"] == ["latents/00000.safetensors"]
    made = (folder / "latents" / "00000.safetensors").stat().st_mtime_ns
    code, out, err = toontween(*call)
    assert (code, out) == (0, "latents/00000.safetensors\n"), err
    assert (folder / "latents" / "00000.safetensors").stat().st_mtime_ns == made


def test_what_is_not_an_autoencoder_is_named(toontween, folder):
    write_squares(folder / "clips", count=1)
    code, _, err = toontween("data", "encode", "clips", "--vae", "clips", "-o", "latents")
    assert code == 1
    assert "clips holds no autoencoder" in err
