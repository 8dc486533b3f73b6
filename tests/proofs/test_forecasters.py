from __future__ import annotations

import math
import sys
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import forecaster_folds as asking
import forecaster_proof as proof
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proofs import forecasters

from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import truncate
from cgn_core.stats.predictive import predict
from datagen.worlds import world

FAKE = """
import json, sys
asked = json.load(open(sys.argv[1]))
print("seen", asked["level"], sorted(asked["folds"][0]), file=sys.stderr)
answers = [{"point": sum(fold["growth"]) / len(fold["growth"]), "low": 0.0, "high": 1e4} for fold in asked["folds"]]
print(json.dumps({"versions": {}, "answers": {"mean": answers}}))
"""


def fold(actual: float, ours: tuple[float, float, float], jackknife: tuple[float, float, float]) -> asking.Fold:
    return asking.Fold(
        kind="plain",
        generator="first",
        seed=0,
        weeks=52,
        mondays=("2026-01-05", "2026-01-12", "2026-01-19"),
        growth=(100.0, 200.0),
        counts=((1.0,), (2.0,), (3.0,)),
        actual=actual,
        said={asking.OURS: ours, asking.JACKKNIFE: jackknife},
    )


FOLDS = [fold(100.0, (90.0, 50.0, 150.0), (60.0, 0.0, 200.0)), fold(200.0, (230.0, 210.0, 250.0), (200.0, 0.0, 300.0))]
ANSWERS = {
    "good": [{"point": 140.0, "low": 40.0, "high": 240.0}, {"point": 200.0, "low": 100.0, "high": 300.0}],
    "poor": [{"point": 0.0, "low": 0.0, "high": 0.0}, {"point": 0.0, "low": 0.0, "high": 0.0}],
}


@pytest.fixture(scope="module")
def made() -> list[asking.Fold]:
    return asking.make_folds(1, kinds=("plain",), generators=("first",), weeks=(52,))


def test_folds_take_every_sixth_week_of_the_last_half_year(made: list[asking.Fold]) -> None:
    assert [len(each.growth) for each in made] == [52, 58, 64, 70, 76]
    for each in made:
        assert len(each.mondays) == len(each.counts) == len(each.growth) + 1
        days = [date.fromisoformat(day) for day in each.mondays]
        assert {later - sooner for sooner, later in pairwise(days)} == {timedelta(days=7)}
        assert days[0].weekday() == 0


def test_a_fold_holds_what_was_posted_and_what_then_came(made: list[asking.Fold]) -> None:
    daily = world("plain", seed=asking.FIRST_SEED, weeks=78).daily
    weekly = daily.weekly()
    for each in made:
        week = weekly.iloc[len(each.growth)]
        assert each.mondays[-1] == week["week_start"].date().isoformat()
        assert each.actual == week["net_growth"]
        assert each.counts[-1] == tuple(week[list(daily.levers)])
        assert each.growth == tuple(weekly["net_growth"].iloc[: len(each.growth)])


def test_our_answer_is_that_of_a_fit_that_never_saw_the_week(made: list[asking.Fold]) -> None:
    daily = world("plain", seed=asking.FIRST_SEED, weeks=78).daily
    each = made[1]
    known = truncate(daily, date.fromisoformat(each.mondays[-1]) - timedelta(days=1))
    plan = dict(zip(daily.levers, each.counts[-1], strict=True))
    answer = predict(fit_daily(known).predictor, plan, level=asking.LEVEL, answer_refused=True)
    assert each.said[asking.OURS] == pytest.approx((answer.median, answer.low, answer.high))
    assert each.said[asking.JACKKNIFE] != each.said[asking.OURS]


def test_the_others_are_asked_without_being_told_what_came(
    tmp_path: Path, made: list[asking.Fold], capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "fake.py"
    script.write_text(FAKE, "utf-8")
    answers = asking.ask(made, python=Path(sys.executable), script=script)
    assert [each["point"] for each in answers["mean"]] == pytest.approx([np.mean(each.growth) for each in made])
    assert "seen 0.9 ['counts', 'growth', 'mondays']" in capfd.readouterr().err
    (compared,) = proof.compare_groups(made, answers, name=proof.by_length)
    assert compared.place == "plain, 52 weeks, first generator"
    assert compared.worlds.tolist() == [0] * len(made)
    assert set(compared.errors) == {asking.OURS, asking.JACKKNIFE, "mean"}


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("raise SystemExit(3)", "ended with code 3"),
        ('print(\'{"answers": {"mean": []}}\')', "did not answer each of 2 folds"),
        ("print('{\"answers\": {}}')", "did not answer each of 2 folds"),
    ],
)
def test_a_process_that_fails_or_answers_too_little_is_an_error(tmp_path: Path, script: str, sentence: str) -> None:
    path = tmp_path / "fake.py"
    path.write_text(script, "utf-8")
    with pytest.raises(RuntimeError, match=sentence):
        asking.ask(FOLDS, python=Path(sys.executable), script=path)


def test_scores_are_those_computed_by_hand() -> None:
    found = proof.compare("here", FOLDS, ANSWERS)
    assert {name: loss.tolist() for name, loss in found.errors.items()} == {
        "ours": [10, 30],
        "jackknife": [40, 0],
        "good": [40, 0],
        "poor": [100, 200],
    }
    # Ours misses the second week by 10, which costs 10 / 0.05 followers beside the width of 40.
    assert found.winkler["ours"] == pytest.approx([100, 240])
    assert found.winkler["good"] == pytest.approx([200, 200])
    assert found.winkler["poor"] == pytest.approx([2000, 4000])
    assert found.covered["ours"].tolist() == [True, False]
    lead, interval = found.lead(), found.interval_lead()
    assert (lead.best, lead.others, interval.best, interval.others) == ("good", 2, "good", 3)
    assert (lead.ratio, interval.ratio) == pytest.approx((1.0, 0.85))


def test_the_spread_of_a_lead_is_that_of_resampled_worlds() -> None:
    assert (
        proof.compare("here", FOLDS, ANSWERS).lead().words
        == "over that of good, the best of 2 (worlds resampled: 1.00 to 1.00)"
    )
    apart = [FOLDS[0], replace(FOLDS[1], seed=1)]
    answers = {"good": [ANSWERS["good"][0], {**ANSWERS["good"][1], "point": 220.0}]}
    lead = proof.compare("here", apart, answers).lead()
    # Two worlds: either twice, or each once.
    assert (lead.low, lead.ratio, lead.high) == pytest.approx((10 / 40, 40 / 60, 30 / 20))


def test_the_jackknife_counts_among_intervals_but_not_among_forecasters() -> None:
    better = [replace(each, said={**each.said, asking.JACKKNIFE: (each.actual,) * 3}) for each in FOLDS]
    worse = {"good": [{**each, "high": 1e6} for each in ANSWERS["good"]]}
    found = proof.compare("here", [better[0], FOLDS[1]], worse)
    assert found.lead().best == "good"
    assert found.interval_lead().best == asking.JACKKNIFE


def test_a_week_that_one_forecaster_gave_up_on_counts_for_nobody() -> None:
    gave_up: dict[str, list[Any]] = {"good": ANSWERS["good"], "poor": [None, ANSWERS["poor"][1]]}
    found = proof.compare("here", FOLDS, gave_up)
    assert {name: loss.tolist() for name, loss in found.errors.items()} == {
        "ours": [30],
        "jackknife": [0],
        "good": [0],
        "poor": [200],
    }
    with pytest.raises(RuntimeError, match="no fold that every forecaster answered"):
        proof.compare("here", FOLDS, {"good": [None, None]})


@given(st.floats(0.01, 1e4), st.permutations([0, 1]))
def test_a_lead_depends_on_neither_the_unit_nor_the_order(unit: float, order: list[int]) -> None:
    folds = [
        replace(
            FOLDS[at],
            actual=unit * FOLDS[at].actual,
            said={name: (unit * a, unit * b, unit * c) for name, (a, b, c) in FOLDS[at].said.items()},
        )
        for at in order
    ]
    answers = {
        name: [{key: unit * value for key, value in said[at].items()} for at in order] for name, said in ANSWERS.items()
    }
    found, usual = proof.compare("here", folds, answers), proof.compare("here", FOLDS, ANSWERS)
    assert found.lead().ratio == pytest.approx(usual.lead().ratio)
    assert found.interval_lead().ratio == pytest.approx(usual.interval_lead().ratio)


def test_folds_are_compared_kind_by_kind_and_their_targets_follow_the_kind() -> None:
    folds = [
        FOLDS[0],
        replace(FOLDS[0], kind=asking.WITHOUT),
        FOLDS[1],
        replace(FOLDS[1], kind=asking.WITHOUT, weeks=104),
    ]
    off = {**ANSWERS, "good": [ANSWERS["good"][0], {**ANSWERS["good"][1], "point": 205.0}]}
    answers = {name: [said[0], said[0], said[1], said[1]] for name, said in off.items()}
    rows = proof.rows_of(folds, answers)
    where = ("plain, 52 and 104 weeks, first generator", "no effect at all, 52 and 104 weeks, first generator")
    assert [(row.claim, row.world, row.worlds, row.high) for row in rows] == [
        (proof.LEAD_CLAIM, where[0], 1, 0.75),
        (proof.INTERVAL_CLAIM, where[0], 1, 0.9),
        (proof.LEAD_CLAIM, where[1], 2, 1.05),
        (proof.INTERVAL_CLAIM, where[1], 2, 0.9),
        (proof.LEAD_CLAIM, "every kind in which cadence matters", 1, 0.75),
        (proof.INTERVAL_CLAIM, "every kind in which cadence matters", 1, 0.9),
        (proof.LEAD_CLAIM, "cadence does not matter", 2, 1.05),
        (proof.INTERVAL_CLAIM, "cadence does not matter", 2, 0.9),
    ]
    assert [row.holds for row in rows] == [False, True, True, True] * 2
    assert len(proof.compare_groups(folds, answers, name=proof.by_length)) == 3
    lines = proof.table(proof.compare_groups(folds, answers, name=proof.by_kind)).splitlines()
    assert len(lines) == 2 + 2 * 4
    assert {line.count("|") for line in lines} == {9}


def test_missing_forecasters_are_said_and_never_look_like_a_lead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking, "INSTALLED", tmp_path / ".installed")
    (row,) = forecasters.measure(1)
    assert "make bench" in row.measure
    assert math.isnan(row.value)
    assert not row.holds
    assert "aren't installed" in capsys.readouterr().err
    assert proof.main([]) == 1
