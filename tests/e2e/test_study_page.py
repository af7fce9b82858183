"""The page for voters in a browser, from making a study to counting what the page saved."""

import io
import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.chromium import EXECUTABLE, Page, open_browser
from tests.tiny_report import build_tiny_report
from toontween.evaluation.store import Store
from toontween.evaluation.study.count.results import count_study
from toontween.evaluation.study.count.votes import read_votes
from toontween.evaluation.study.make import Study, StudyOptions, make_study
from toontween.evaluation.study.planning import DAMAGED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="no chromium here"),
]

NUM_TRIALS = 5


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return build_tiny_report(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def study(report, tmp_path_factory) -> Study:
    options = StudyOptions(pairs_per_voter=3, fps=30.0, show_truth=True)
    return make_study(report, tmp_path_factory.mktemp("study"), options)


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Page]:
    with open_browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(browser, study) -> Iterator[Page]:
    """The start of the page; no test may make it complain."""
    browser.complaints.clear()
    browser.requests.clear()
    browser.open(study.page.as_uri())
    yield browser
    assert browser.complaints == []


def begin(page: Page, voter: str) -> None:
    page.run(f"at('voter').value = {voter!r}; document.querySelector('#who button').click()")
    page.wait_for("!at('voting').hidden")


def wait_until_seen(page: Page) -> None:
    page.wait_for("fieldsets.every(fieldset => !fieldset.disabled)")


def vote(page: Page, key: str) -> None:
    """Answer all three questions of the pair in view alike, from the keyboard, and go on."""
    wait_until_seen(page)
    for _ in range(3):
        page.press(key)
    page.press("Enter")


def place(page: Page) -> str:
    return page.run("at('place').textContent")


def test_a_voter_votes_and_saves_a_file_that_counts(page, study, tmp_path):
    page.run("at('voter').value = ''")
    begin(page, "7")
    for number in range(1, NUM_TRIALS + 1):
        assert place(page) == f"Pair {number} of {NUM_TRIALS}"
        left = page.run("ballot.trial.left")
        vote(page, "b" if study.key.films[left].shows == DAMAGED else "a")
    page.wait_for("!at('end').hidden")
    page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("at('save').click()")
    saved = tmp_path / "votes-7.json"
    page.wait_for("true")
    for _ in range(100):
        if saved.exists():
            break
        page.run("new Promise(done => setTimeout(done, 50))")
    voter = read_votes(saved, study.key)
    assert voter.is_complete
    assert voter.num_failed == 0
    assert all(set(one.answers.values()) == {"left"} for one in voter.votes)
    assert all(one.seconds > 1 for one in voter.votes)
    ballot = {tuple(pair) for pair in study.key.ballots[6]}
    entries = json.loads(saved.read_text())["answered"]
    assert {(one["left"], one["right"]) for one in entries} == ballot
    assert count_study(study.key_path.parent, [saved]).voters == ["7"]


def test_the_page_asks_for_nothing_but_its_own_films(page, study):
    begin(page, "8")
    wait_until_seen(page)
    ours = study.voters.as_uri() + "/"
    assert len(page.requests) > 3
    assert [url for url in page.requests if not url.startswith(ours)] == []


def test_each_side_shows_the_film_that_is_written_down_for_it(page, study, report):
    begin(page, "9")
    wait_until_seen(page)
    page.run("play(false); player.draw(2)")
    for canvas, side in (("film-left", "left"), ("film-right", "right")):
        film = study.key.films[page.run(f"ballot.trial.{side}")]
        if film.shows == DAMAGED:
            continue
        record = Store(report).latest(film.clip, film.shows)
        assert record is not None
        expected = Store(report).frames(film.clip, film.shows, record)[2]
        np.testing.assert_allclose(seen(page, canvas, expected.shape), expected, atol=40)


def seen(page: Page, canvas: str, shape: tuple[int, ...]) -> np.ndarray:
    """A canvas as it is on the screen, at the size of the film; a page from a disk may not read its own canvas."""
    box = page.run(
        f"(({{x, y, width, height}}) => ({{x, y, width, height}}))(at('{canvas}').getBoundingClientRect())"
    )
    shot = page.ask("Page.captureScreenshot", clip={**box, "scale": 1})["data"]
    with Image.open(io.BytesIO(b64decode(shot))) as image:
        return np.asarray(image.convert("RGB").resize((shape[1], shape[0]), Image.Resampling.BOX))


def test_nothing_is_asked_before_both_films_were_seen(page):
    begin(page, "10")
    assert page.run("fieldsets.every(fieldset => fieldset.disabled)")
    page.press("a")
    assert page.run("ballot.open().length") == 3
    wait_until_seen(page)


def test_no_pair_is_left_with_an_open_question(page):
    begin(page, "11")
    wait_until_seen(page)
    page.press("a")
    page.press("n")
    page.press("Enter")
    assert place(page).startswith("Pair 1 ")
    assert page.run("at('next').disabled")
    assert page.run("at('told').textContent") == "1 question is open."


def test_going_back_shows_the_answers_and_changes_them(page):
    begin(page, "12")
    vote(page, "a")
    page.press("p")
    assert place(page).startswith("Pair 1 ")
    checked = "[...document.querySelectorAll(':checked')].map(radio => radio.value)"
    assert page.run(f"{checked}.slice(0, 3)") == ["left"] * 3
    page.run("document.querySelector('[name=coherence][value=same]').click()")
    answers = page.run("Object.values(ballot.votes().answered[0].answers).map(one => one.choice)")
    assert answers == ["left", "same", "left"]


def test_a_closed_page_loses_nothing(page, study):
    begin(page, "13")
    vote(page, "n")
    vote(page, "n")
    wait_until_seen(page)
    page.press("a")
    before = page.run("JSON.stringify(ballot.given.map(given => given.answers))")
    page.open("about:blank")
    page.open(study.page.as_uri())
    assert "13 has answered 2 of 5 pairs" in page.run("at('known').textContent")
    begin(page, "13")
    assert place(page).startswith("Pair 3 ")
    assert page.run("JSON.stringify(ballot.given.map(given => given.answers))") == before


def test_who_wants_less_motion_plays_on_demand(page, study):
    page.ask(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-reduced-motion", "value": "reduce"}],
    )
    try:
        begin(page, "14")
        page.wait_for("player.films.length === 3")
        page.run("new Promise(done => setTimeout(done, 300))")
        assert page.run("[player.playing, player.at, at('play').textContent]") == [False, 0, "Play"]
        page.run("at('play').click()")
        wait_until_seen(page)
        assert page.run("[player.playing, player.frame, at('play').textContent]") == [
            False,
            4,
            "Play",
        ]
        page.run("at('play').click()")
        assert page.run("[player.playing, player.frame]") == [True, 0]
    finally:
        page.ask("Emulation.setEmulatedMedia", features=[])


def test_slow_motion_is_slower_and_written_down(page):
    begin(page, "15")
    page.press("s")
    assert page.run("(player.rewind(), player.step(100), player.at)") == 25
    wait_until_seen(page)
    assert page.run("ballot.now.slow")


def test_keys_can_be_turned_off(page):
    begin(page, "16")
    wait_until_seen(page)
    page.run("at('keys').click(); at('place').focus()")
    page.press("a")
    assert page.run("ballot.open().length") == 3


def test_stopping_early_saves_the_pairs_that_are_answered(page, study, tmp_path):
    begin(page, "17")
    vote(page, "a")
    page.run("at('stop').click()")
    assert "1 of 5 pairs are answered" in page.run("at('summary').textContent")
    (tmp_path / "votes.json").write_text(page.run("at('raw').value"))
    voter = read_votes(tmp_path / "votes.json", study.key)
    assert len(voter.votes) + len(voter.catches) == 1
    page.run("at('return').click()")
    assert place(page).startswith("Pair 2 ")


def test_numbered_voters_get_the_ballots_in_turn(page, study):
    count = len(study.key.ballots)
    numbers = page.run(f"[1, 2, 3, {count}, {count + 1}].map(number => ballotOf(String(number)))")
    assert numbers == [1, 2, 3, count, 1]
    named = page.run("[...Array(2000).keys()].map(number => ballotOf(`somebody-${number}`))")
    spread = np.bincount(named, minlength=count + 1)
    assert spread[0] == 0
    assert spread[1:].min() > 2000 / count / 2


def test_voters_see_their_ballot_in_orders_of_their_own(page):
    orders = page.run("[...Array(300).keys()].map(voter => orderOf(String(voter), 5))")
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    first = np.bincount([order[0] for order in orders], minlength=5)
    assert first.min() > 30
    assert page.run("orderOf('3', 5).join() === orderOf('3', 5).join()")


def test_a_name_that_cannot_be_a_file_is_refused(page):
    page.run("at('voter').value = 'a/b'; document.querySelector('#who button').click()")
    assert page.run("at('voting').hidden")
    assert "Letters, digits" in page.run("at('voter-wrong').textContent")


def test_nobody_needs_a_name(page):
    begin(page, "")
    assert page.run("/^[a-z0-9]{8}$/.test(ballot.voter)")


def test_a_missing_film_is_said(browser, report, tmp_path):
    made = make_study(report, tmp_path / "study", StudyOptions(pairs_per_voter=3))
    for path in (made.voters / "clips").iterdir():
        path.unlink()
    browser.open(made.page.as_uri())
    begin(browser, "1")
    browser.wait_for("!at('broken').hidden")
    assert "Is the folder complete?" in browser.run("at('broken').textContent")
