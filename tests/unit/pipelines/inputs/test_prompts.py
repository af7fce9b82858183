import pytest

from toontween.errors import UnavailableError
from toontween.pipelines.inputs.prompts import clean_prompt, prompt_ids


@pytest.mark.parametrize(
    ("prompt", "clean"),
    [
        ("  An\tAnime \n SCENE ", "an anime scene"),
        ("rock &amp;amp; roll", "rock & roll"),
        ("naÃ¯ve cafÃ©", "naïve café"),
        ("", ""),
    ],
)
def test_prompts_are_cleaned(prompt: str, clean: str):
    assert clean_prompt(prompt) == clean


def test_the_empty_prompt_needs_no_tokenizer():
    ids = prompt_ids(["", "  "], None, length=5)
    assert ids.tolist() == [[49406, 49407, 0, 0, 0]] * 2


def test_any_other_prompt_needs_one():
    with pytest.raises(UnavailableError, match="'a cat'"):
        prompt_ids(["A cat"], None, length=5)
