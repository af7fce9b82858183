"""The report of an evaluation in a browser: all clips, in step, worst first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.chromium import EXECUTABLE, Page, open_browser
from tests.unit.evaluation.small_clips import HEIGHT, WIDTH, small_suite
from toontween.cli.app import run
from toontween.evaluation.results import RESULT_NAME, read_evaluation

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="no chromium here"),
]

LABELS = ["hold", "flow", "truth"]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    small_suite(folder / "clips", 4)
    arguments = ("--methods", "hold,flow", "--measures", "psnr,motion", "--quiet")
    assert run(["evaluate", str(folder / "clips"), *arguments, "-o", str(folder / "report")]) == 0
    return folder / "report"


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Page]:
    with open_browser(tmp_path_factory.mktemp("profile"), size=(1200, 3000)) as page:
        yield page


@pytest.fixture
def page(browser, report) -> Iterator[Page]:
    """The page anew; no test may make it complain or ask for anything from elsewhere."""
    browser.complaints.clear()
    browser.requests.clear()
    browser.open((report / "report.html").as_uri())
    yield browser
    assert browser.complaints == []
    assert all(address.startswith(report.as_uri()) for address in browser.requests)


def names(page: Page) -> list[str]:
    return page.run("[...document.querySelectorAll('#clips h3')].map(one => one.textContent)")


def test_all_clips_are_listed_with_all_methods(page):
    assert sorted(names(page)) == ["a", "b", "c", "d"]
    captions = page.run("[...document.querySelectorAll('figcaption')].map(one => one.textContent)")
    assert len(captions) == 4 * len(LABELS)
    assert [caption.split(" ")[0] for caption in captions[:3]] == LABELS


def test_the_pictures_of_clips_in_view_are_loaded(page):
    shown = "[...document.querySelectorAll('.cell')].filter(one => one.style.backgroundImage)"
    page.wait_for(f"{shown}.length === {4 * len(LABELS)}")
    sizes = page.run(
        f"Promise.all({shown}.map(async cell => {{ const image = new Image();"
        " image.src = cell.style.backgroundImage.slice(5, -2); await image.decode();"
        " return [image.naturalWidth, image.naturalHeight]; }))"
    )
    assert sizes == [[3 * WIDTH, 2 * HEIGHT]] * 4 * len(LABELS)  # five frames lie in two rows


def test_the_worst_clip_by_the_chosen_measure_and_method_is_the_first(page, report):
    table = read_evaluation(report / RESULT_NAME)
    for measure, worst_first in (("psnr", lambda v: v), ("motion", lambda v: -abs(v - 1))):
        for method in ("hold", "flow"):
            page.run(f"at('measure').value = '{measure}'; at('method').value = '{method}'; show()")
            values = dict(zip(table.clips, table.values[method][measure], strict=True))
            assert names(page) == sorted(values, key=lambda clip: worst_first(values[clip]))


def test_frames_are_turned_in_step(page):
    places = "[...document.querySelectorAll('.cell')].map(one => one.style.backgroundPosition)"
    assert set(page.run(places)) == {"0% 0%"}
    page.run("at('frame').value = 4; at('frame').oninput()")
    assert set(page.run(places)) == {"50% 100%"}  # the fifth of five in rows of three
    assert page.run("at('told').textContent") == "5 of 5"


def test_playing_goes_round_and_stops(page):
    page.run("at('speed').value = '24'; at('play').click()")
    page.wait_for("at('frame').value === '4'")
    page.wait_for("at('frame').value === '0'")
    page.run("at('play').click()")
    stopped = page.run("at('frame').value")
    page.run("new Promise(done => setTimeout(done, 150))")
    assert page.run("at('frame').value") == stopped


def test_strips_show_every_frame(page):
    page.run("at('strips').click()")
    assert page.run("document.querySelectorAll('.cell').length") == 4 * len(LABELS) * 5


def test_a_page_of_distances_of_sets_alone_works(browser, report):
    browser.complaints.clear()
    text = (report / "report.html").read_text(encoding="utf-8")
    start = text.index('"measures": [')
    end = text.index("]", start)
    (report / "sets.html").write_text(text[: start + 13] + text[end:], encoding="utf-8")
    browser.open((report / "sets.html").as_uri())
    assert names(browser) == ["a", "b", "c", "d"]
    assert browser.complaints == []
