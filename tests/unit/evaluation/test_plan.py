"""What a table is made of is found out before anything is drawn."""

from dataclasses import replace

import pytest

from tests.unit.evaluation.own_methods import OddInterpolator, odd, register
from tests.unit.evaluation.small_clips import methods, small_bench, small_suite
from toontween.data.shards import write_shard
from toontween.errors import InputError, UnknownNameError
from toontween.evaluation.bench import Bench
from toontween.evaluation.methods import TRUTH, MethodSpec
from toontween.evaluation.runner import plan
from toontween.evaluation.suite import Suite, open_suite
from toontween.interpolators.catalog import METHODS


@pytest.fixture
def suite(tmp_path) -> Suite:
    return small_suite(tmp_path / "clips", 5)


@pytest.fixture
def without_weights(tmp_path, monkeypatch) -> None:
    """Nothing was ever pulled."""
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path / "no-weights"))


def test_the_truth_is_the_last_row_whether_asked_for_or_not(suite):
    for rows in (("hold", "flow"), ("truth", "hold", "flow"), ("hold", "truth", "flow")):
        order = plan(small_bench(suite, rows))
        assert [spec.label for spec in order.methods] == ["hold", "flow", TRUTH]
        assert set(order.identities) == {"hold", "flow", TRUTH}


def test_measures_stand_in_the_order_asked_for_and_once(suite):
    order = plan(small_bench(suite, measures=("motion", "psnr", "motion")))
    assert [measure.name for measure in order.measures] == ["motion", "psnr"]


def test_a_method_may_stand_twice_under_two_labels(suite):
    sharp = MethodSpec(method="flow", label="sharp", options=(("sharpness", 40.0),))
    order = plan(Bench(suite=suite, methods=[*methods("flow"), sharp], measures=("psnr",)))
    assert order.identities["flow"] != order.identities["sharp"]
    with pytest.raises(InputError, match="two methods are labelled 'flow'"):
        plan(Bench(suite=suite, methods=methods("flow", "flow"), measures=("psnr",)))


def test_what_is_not_here_is_listed_with_the_way_to_get_it(suite, without_weights):
    bench = small_bench(suite, ("film", "hold"), ("distance", "psnr"))
    order = plan(bench)
    assert [spec.label for spec in order.methods] == ["hold", TRUTH]
    assert [measure.name for measure in order.measures] == ["psnr"]
    film, distance = order.absent
    assert (film.name, distance.name) == ("film", "distance")
    assert "weights pull film" in film.hint
    assert "--weights squeezenet=PATH" in distance.hint
    assert film.why
    assert distance.why


def test_every_method_of_the_catalogue_is_drawn_or_absent(suite, without_weights):
    order = plan(small_bench(suite, tuple(METHODS)))
    here = {spec.label for spec in order.methods} - {TRUTH}
    absent = {one.name for one in order.absent}
    assert here | absent == set(METHODS)
    assert {"hold", "crossfade", "flow", "phase"} <= here
    assert {"toon", "film", "rife"} <= absent
    assert all(one.hint for one in order.absent)


def test_a_table_without_rows_or_columns_is_refused(suite, without_weights):
    with pytest.raises(InputError, match=r"no method can draw: film: .*weights pull film"):
        plan(small_bench(suite, ("film",)))
    with pytest.raises(InputError, match="no method can draw: none was given"):
        plan(small_bench(suite, ("truth",)))
    with pytest.raises(InputError, match=r"no measure can be taken: distance: .*squeezenet"):
        plan(small_bench(suite, measures=("distance",)))


def test_a_table_without_measures_is_refused(suite):
    with pytest.raises(InputError, match="no measure can be taken: none was given"):
        plan(small_bench(suite, measures=()))


def test_names_that_nobody_knows_are_refused(suite, tmp_path):
    with pytest.raises(UnknownNameError, match=r"no measure called 'pnsr' .*'psnr'"):
        plan(small_bench(suite, measures=("pnsr",)))
    with pytest.raises(UnknownNameError, match=r"'squeezent' .*'squeezenet'"):
        plan(small_bench(suite, weights={"squeezent": tmp_path}))


def test_weights_that_are_not_where_they_should_be_are_named(suite, tmp_path):
    bench = small_bench(
        suite, measures=("psnr", "distance"), weights={"squeezenet": tmp_path / "x"}
    )
    [absence] = plan(bench).absent
    assert str(tmp_path / "x") in absence.why


def test_a_method_that_cannot_follow_sketches_is_refused(suite):
    bench = replace(small_bench(suite), methods=[MethodSpec(method="hold", sketched=(2,))])
    with pytest.raises(InputError, match="'hold' is not steered by sketches"):
        plan(bench)


def test_settings_that_a_method_refuses_are_refused_before_any_drawing(suite):
    wrong = MethodSpec(method="flow", options=(("sharpness", -3.0),))
    with pytest.raises(InputError, match="sharpness"):
        plan(replace(small_bench(suite), methods=[*methods("hold"), wrong]))


@pytest.mark.parametrize(
    ("wanted", "looked_at"),
    [(None, "abcde"), (9, "abcde"), (5, "abcde"), (3, "ace"), (2, "ae"), (1, "a")],
)
def test_fewer_clips_are_evenly_spread(suite, wanted, looked_at):
    assert plan(small_bench(suite, num_clips=wanted)).keys == list(looked_at)


@pytest.mark.parametrize("wanted", [0, -1])
def test_no_clips_cannot_be_measured(suite, wanted):
    with pytest.raises(InputError, match=f"{wanted} clips cannot be measured"):
        plan(small_bench(suite, num_clips=wanted))


def test_shards_without_clips_are_refused(tmp_path):
    write_shard([], tmp_path / "00000.tar")
    with pytest.raises(InputError, match="no clips in"):
        plan(small_bench(open_suite(tmp_path)))


def test_random_weights_are_told_by_the_identity(suite, monkeypatch):
    register(monkeypatch, odd=OddInterpolator)
    bench = replace(small_bench(suite), methods=[odd("")])
    trained = replace(bench.methods[0], options=(("weights", "abc"),))
    assert (
        plan(bench).identities["odd"] != plan(replace(bench, methods=[trained])).identities["odd"]
    )
