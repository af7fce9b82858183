"""A study's folder: blind, complete, the same again."""

import json
import re
import shutil
from collections import Counter

import numpy as np
import pytest

from tests.tiny_report import FILMS, LABELS, NUM_FRAMES, build_tiny_report
from toontween.errors import InputError, MediaError, OutputError
from toontween.evaluation.store import Store
from toontween.evaluation.study.key import read_key
from toontween.evaluation.study.make import StudyOptions, make_study
from toontween.evaluation.study.planning import DAMAGED
from toontween.media.images import read_still


def clips_of(report) -> list[str]:
    return sorted(path.name for path in (report / "clips").iterdir())


def contents(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def known_to_page(voters) -> dict:
    found = re.search(r"^const study = (.*);$", (voters / "vote.html").read_text(), re.MULTILINE)
    assert found is not None
    return json.loads(found[1])


def test_voters_get_a_page_and_films_and_nothing_else(study_folder):
    names = {path.name for path in study_folder.iterdir()}
    assert names == {"key.json", "voters"}
    voters = study_folder / "voters"
    assert {path.name for path in voters.iterdir()} == {"vote.html", "clips"}
    key = read_key(study_folder)
    assert {path.stem for path in (voters / "clips").iterdir()} == set(key.films)


def test_no_label_and_no_clip_is_named_in_anything_that_voters_get(study_folder):
    for name, data in contents(study_folder / "voters").items():
        for label in (*LABELS, *FILMS):
            assert label.encode() not in data, name
            assert label not in name


def test_what_voters_get_does_not_depend_on_what_methods_are_called(report, make, tmp_path):
    other = build_tiny_report(tmp_path / "renamed", dict(zip("cab", LABELS.values(), strict=True)))
    named = make(pairs_per_voter=4)
    renamed = make_study(other, tmp_path / "study-renamed", StudyOptions(pairs_per_voter=4))
    assert renamed.key.labels == list("cab")
    assert contents(renamed.voters) == contents(named.voters)


def test_the_same_options_give_the_same_bytes_and_another_seed_other_names(make):
    first, again, other = make("1"), make("2"), make("3", seed=1)
    assert contents(first.voters) == contents(again.voters)
    assert first.key.films == again.key.films
    assert not set(first.key.films) & set(other.key.films)
    assert first.key.study != other.key.study


def test_films_are_what_the_report_holds(study_folder, report):
    store = Store(report)
    for token, film in read_key(study_folder).films.items():
        if film.shows == DAMAGED:
            continue
        shown = read_still(study_folder / "voters" / "clips" / f"{token}.webp").pixels
        drawn = read_still(store.picture(film.clip, film.shows)).pixels
        np.testing.assert_array_equal(shown[..., :3], drawn[..., :3])


def test_the_page_and_the_key_say_the_same(study_folder):
    key, known = read_key(study_folder), known_to_page(study_folder / "voters")
    tokens = [token for token, _ in known["films"]]
    assert known["study"] == key.study
    assert [
        [[tokens[left], tokens[right]] for left, right in ballot] for ballot in known["ballots"]
    ] == [[list(pair) for pair in ballot] for ballot in key.ballots]
    for token, clip in known["films"]:
        others = {t for t, c in known["films"] if c == clip}
        assert {key.films[other].clip for other in others} == {key.films[token].clip}
    assert {clip["count"] for clip in known["clips"]} == {NUM_FRAMES}


def test_both_films_of_a_pair_are_of_one_clip(study_folder):
    key = read_key(study_folder)
    for ballot in key.ballots:
        for left, right in ballot:
            assert key.films[left].clip == key.films[right].clip
            assert left != right


def test_each_ballot_has_its_pairs_and_catch_trials_anywhere(study_folder):
    key = read_key(study_folder)
    places = Counter()
    for ballot in key.ballots:
        caught = [place for place, pair in enumerate(ballot) if key.is_catch(*pair)]
        assert len(ballot) == 6
        assert len(caught) == 2
        places.update(caught)
    assert len(places) == 6


def test_the_truth_is_told_to_the_page_only_when_it_is_shown(make, report):
    hidden, shown = make("1", catch_trials=0), make("2", catch_trials=0, show_truth=True)
    assert {film.shows for film in hidden.key.films.values()} == set(LABELS)
    assert {clip["truth"] for clip in known_to_page(hidden.voters)["clips"]} == {None}
    truths = {clip["truth"] for clip in known_to_page(shown.voters)["clips"]}
    assert {shown.key.films[token].clip for token in truths} == set(clips_of(report))
    assert {shown.key.films[token].shows for token in truths} == {"truth"}


def test_the_truth_may_compete(make):
    made = make(methods=["zebra-hold", "truth"], catch_trials=0)
    assert made.key.labels == ["zebra-hold", "truth"]
    assert {film.shows for film in made.key.films.values()} == {"zebra-hold", "truth"}


def test_only_the_chosen_clips_are_taken(make, report):
    made = make(num_clips=2)
    assert {film.clip for film in made.key.films.values()} == set(clips_of(report)[::2])


def test_methods_with_random_weights_compete_only_when_named(report, tmp_path):
    shutil.copytree(report, tmp_path / "report")
    table = tmp_path / "report" / "evaluation.json"
    known = json.loads(table.read_text())
    known["rows"][0]["untrained"] = True
    table.write_text(json.dumps(known))
    first, *others = LABELS
    made = make_study(tmp_path / "report", tmp_path / "1", StudyOptions())
    assert (made.key.labels, made.left_out) == (others, [first])
    named = make_study(tmp_path / "report", tmp_path / "2", StudyOptions(methods=list(LABELS)))
    assert (named.key.labels, named.left_out) == (list(LABELS), [])
    assert named.key.methods[0].untrained


def test_text_of_the_organiser_cannot_break_the_page(make):
    page = make(send_to="<script>alert(1)</script>").page.read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"methods": ["zebra"]}, "no method 'zebra'"),
        ({"methods": ["zebra-hold", "zebra-hold"]}, "given twice"),
        ({"methods": ["zebra-hold"]}, "nothing to compare"),
        ({"methods": ["zebra-hold", "truth"], "show_truth": True}, "compete as well"),
        ({"num_clips": 0}, "0 clips"),
        ({"pairs_per_voter": 10}, "there are 9 different ones"),
        ({"catch_trials": 4}, "4 catch trials for each voter from 3 clips"),
        ({"fps": 0.0}, "0 frames a second"),
        ({"seed": -1}, "seed -1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_made_is_refused_and_leaves_nothing(make, tmp_path, options, told):
    with pytest.raises(InputError, match=told):
        make(**options)
    assert not (tmp_path / "study").exists()


def test_a_folder_with_something_in_it_is_left_alone(make, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        make()
    assert contents(tmp_path / "study") == {"mine.txt": b"mine"}


def test_a_study_that_cannot_be_finished_leaves_nothing(report, tmp_path):
    shutil.copytree(report, tmp_path / "report")
    (tmp_path / "report" / "clips" / clips_of(report)[2] / "yak-mix.webp").write_bytes(b"torn")
    with pytest.raises(MediaError, match=r"yak-mix\.webp"):
        make_study(tmp_path / "report", tmp_path / "study", StudyOptions())
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_report_without_its_drawings_is_named(report, tmp_path):
    shutil.copytree(report, tmp_path / "report")
    (tmp_path / "report" / "clips" / clips_of(report)[1] / "yak-mix.json").unlink()
    with pytest.raises(MediaError, match="yak-mix on bread-"):
        make_study(tmp_path / "report", tmp_path / "study", StudyOptions())


def test_a_folder_that_is_no_report_is_named(tmp_path):
    with pytest.raises(MediaError, match="no table"):
        make_study(tmp_path, tmp_path / "study", StudyOptions())


def test_a_damaged_key_is_named(study_folder, tmp_path):
    known = json.loads((study_folder / "key.json").read_text())
    known["ballots"][0][0] = ["nobody", "knows"]
    (tmp_path / "key.json").write_text(json.dumps(known))
    with pytest.raises(MediaError, match=r"key\.json is damaged: KeyError"):
        read_key(tmp_path)


def test_the_folder_for_voters_has_no_key(study_folder):
    with pytest.raises(MediaError, match=r"no key\.json"):
        read_key(study_folder / "voters")
