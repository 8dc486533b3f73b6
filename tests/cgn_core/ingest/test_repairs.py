from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import InvalidInput
from cgn_core.ingest.repairs import Repair, apply_repairs, repaired_cells, repairs_from_json
from cgn_core.tables import Daily, Provenance, daily_from_frame

FIRST = date(2026, 3, 2)
DAYS = 21
NAMES = ("followers", "follows", "unfollows", "reach")


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def table(values: list[float] | None = None) -> Daily:
    numbers = np.array(values if values is not None else range(10, 10 + DAYS), dtype=float)
    frame = pd.DataFrame({"date": pd.date_range(FIRST, periods=len(numbers)), **dict.fromkeys(NAMES, numbers)})
    return daily_from_frame(frame, creator="ann", provisional_days=2)


@st.composite
def repairs(draw: st.DrawFn) -> Repair:
    kind = draw(st.sampled_from(["missing", "cap", "drop_days"]))
    first, last = sorted(draw(st.tuples(st.integers(-3, DAYS + 3), st.integers(-3, DAYS + 3))))
    return Repair(
        kind,  # type: ignore[arg-type]  # sampled from the three kinds
        day(first),
        day(last),
        "" if kind == "drop_days" else draw(st.sampled_from(NAMES)),
        draw(st.floats(0, 50)) if kind == "cap" else None,
    )


NUMBERS = st.lists(st.one_of(st.just(np.nan), st.floats(0, 1e6)), min_size=DAYS, max_size=DAYS)


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.lists(repairs(), min_size=1, max_size=4))
def test_repairs_touch_their_cells_alone_and_leave_the_original_whole(
    values: list[float], wanted: list[Repair]
) -> None:
    daily = table(values)
    frame, codes = daily.frame.copy(), daily.provenance.copy()
    try:
        after = apply_repairs(daily, wanted)
    except InvalidInput:
        return
    finally:
        pd.testing.assert_frame_equal(daily.frame, frame)
        pd.testing.assert_frame_equal(daily.provenance, codes)
    offset = (after.frame["date"].iloc[0].date() - FIRST).days
    steps = after.frame["date"].diff().dropna()
    assert (steps == pd.Timedelta(days=1)).all()
    assert after.columns == daily.columns
    for row, stamp in enumerate(after.frame["date"]):
        for name in NAMES:
            number, code = after.frame[name][row], after.provenance[name][row]
            old = frame[name][row + offset]
            meant = [
                each for each in wanted if each.column in {name, ""} and each.first_day <= stamp.date() <= each.last_day
            ]
            if not meant:
                assert number == old or (np.isnan(number) and np.isnan(old))
                assert code == codes[name][row + offset]
            assert np.isnan(number) == (code == Provenance.MISSING)
            if any(each.kind != "cap" for each in meant):
                assert np.isnan(number)
            for each in meant:
                assert each.cap is None or not number > each.cap


@settings(max_examples=25)
@given(NUMBERS, repairs())
def test_a_repair_made_twice_is_the_repair_made_once(values: list[float], wanted: Repair) -> None:
    try:
        once = apply_repairs(table(values), [wanted])
    except InvalidInput:
        return
    twice = apply_repairs(once, [wanted])
    pd.testing.assert_frame_equal(once.frame, twice.frame)
    pd.testing.assert_frame_equal(once.provenance, twice.provenance)


SCALARS = st.none() | st.booleans() | st.floats() | st.text()
KEYS = st.sampled_from(["kind", "first_day", "last_day", "column", "cap"])


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner)


@given(st.lists(repairs(), min_size=1, max_size=5))
def test_repairs_come_back_from_json_as_they_were(wanted: list[Repair]) -> None:
    assert repairs_from_json([each.to_json() for each in wanted]) == tuple(wanted)


@given(st.recursive(SCALARS, nested))
def test_what_is_no_list_of_repairs_is_refused_in_a_sentence(sent: Any) -> None:
    with pytest.raises(InvalidInput, match=r"[\w”]\.$"):
        repairs_from_json(sent)


def test_a_capped_number_is_imputed_and_its_week_teaches_nothing() -> None:
    after = apply_repairs(table(), [Repair("cap", day(0), day(20), "follows", 28.5)])
    assert after.frame["follows"].max() == 28.5
    assert after.provenance["follows"].tolist()[-2:] == [Provenance.IMPUTED] * 2
    assert table().weekly()["is_target"].tolist() == [True, True, False]
    missing = apply_repairs(table(), [Repair("missing", day(9), day(9), "unfollows")])
    assert missing.weekly()["is_target"].tolist() == [True, False, False]


def test_dropped_days_leave_the_ends_and_stay_unknown_between() -> None:
    after = apply_repairs(table(), [Repair("drop_days", day(0), day(1)), Repair("drop_days", day(5), day(6))])
    assert after.frame["date"].iloc[0].date() == day(2)
    assert len(after.frame) == DAYS - 2
    assert after.frame["reach"].isna().tolist()[3:5] == [True, True]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Repair("drop_days", day(0), day(DAYS)), "would be left"),
        (Repair("missing", day(0), day(1), "saves"), "no saves in these data"),
    ],
)
def test_a_repair_that_cannot_be_says_why(wanted: Repair, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        apply_repairs(table(), [wanted])


@pytest.mark.parametrize(
    "parts",
    [
        ("forget", day(0), day(1), "reach"),
        ("missing", day(1), day(0), "reach"),
        ("missing", day(0), day(1), "date"),
        ("cap", day(0), day(1), "reach"),
        ("cap", day(0), day(1), "reach", float("nan")),
        ("cap", day(0), day(1), "reach", -1.0),
    ],
)
def test_an_impossible_repair_is_never_made(parts: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput):
        Repair(*parts)


def test_a_cell_is_repaired_until_an_import_brings_another_number() -> None:
    wanted = [Repair("cap", day(19), day(20), "reach", 28.0), Repair("missing", day(3), day(3), "reach")]
    after = apply_repairs(table(), wanted)
    assert np.flatnonzero(repaired_cells(after, wanted, "reach")).tolist() == [3, 19, 20]
    assert not repaired_cells(after, wanted, "follows").any()
    assert not repaired_cells(table(), wanted, "reach").any()
