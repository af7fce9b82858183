"""`toontween doctor` says what is here and what is missing, and changes nothing."""

import json

from tests.cli.drawings import names_in
from toontween.interpolators.catalog import METHODS


def test_it_tells_people_what_is_ready_and_how_to_get_the_rest(toontween, folder):
    code, out, err = toontween("doctor")
    assert (code, err) == (0, "")
    for word in ("processor", "memory", "torch", ".mp4", "flow       ready", "estimate"):
        assert word in out
    assert "toon       not ready" in out
    assert "toontween weights pull tooncrafter-512" in out
    assert names_in(folder) == {"A.png", "B.png"}


def test_it_tells_programs_the_same(toontween):
    code, out, _ = toontween("doctor", "--json")
    assert code == 0
    found = json.loads(out)
    assert set(found) == {
        "command",
        "machine",
        "versions",
        "formats",
        "methods",
        "models",
        "estimate",
    }
    ready = [row["name"] for row in found["methods"] if row["ready"]]
    assert ready == ["hold", "crossfade", "flow", "phase"]
    missing = {row["name"]: row for row in found["methods"] if not row["ready"]}
    assert set(ready) | set(missing) == set(METHODS)
    assert all(row["missing"] and row["remedy"] for row in missing.values())
    for weights in ("animeinterp", "eisai-ssl", "eisai-dtm"):
        assert f"{weights!r}" in missing["eisai"]["missing"]
        assert f"pull {weights}" in missing["eisai"]["remedy"]
    assert all(found["formats"].values())
    assert found["machine"]["cores"] >= 1
    assert 0 < found["machine"]["memory_free_gb"] <= found["machine"]["memory_total_gb"]
    estimate = found["estimate"]
    # seconds = 1,343 TFLOP ÷ (measured rate × the share of it that is reached)
    share = 1_343_200 / (estimate["seconds"] * estimate["measured_gflops"])
    assert 0.2 < share < 0.6
    assert estimate["fits"] == (estimate["memory_free_gb"] >= estimate["memory_gb"])
