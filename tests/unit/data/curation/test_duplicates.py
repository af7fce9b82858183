import numpy as np

from tests.unit.data.curation.tiny_films import drawings
from toontween.data.curation.duplicates import NEAR, SeenClips, hash_of


def test_a_recoded_or_brighter_drawing_has_a_near_hash_and_another_one_not() -> None:
    first, second = drawings(1, 1)[0], drawings(2, 1)[0]
    rng = np.random.default_rng(0)
    noisy = np.clip(first * 0.9 + 20 + rng.normal(0, 4, first.shape), 0, 255).astype(np.uint8)
    assert (hash_of(first) ^ hash_of(noisy)).bit_count() <= NEAR
    assert (hash_of(first) ^ hash_of(second)).bit_count() > NEAR


def test_near_hashes_are_found_whichever_bits_differ() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        value = int(rng.integers(0, 1 << 63))
        seen = SeenClips()
        seen.add("first", (value, 5))
        bits = rng.choice(64, NEAR + 1, replace=False)
        near = value ^ sum(1 << int(bit) for bit in bits[:-1])
        assert seen.find((near, 5)) == "first"
        assert seen.find((near ^ (1 << int(bits[-1])), 5)) is None  # one bit too many
        assert seen.find((value, 5 ^ 0xFFFF)) is None  # all hashes must be near


def test_the_first_of_several_is_named() -> None:
    seen = SeenClips()
    for key in ("a", "b"):
        seen.add(key, (0, 0))
    assert seen.find((1, 1)) == "a"
