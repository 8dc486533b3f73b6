"""The library's door: whatever the history or the file, an answer in finite numbers, or an error with a name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from any_histories import FEWEST, LEVELS, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core import library
from cgn_core.errors import (
    ConstantSeries,
    InvalidInput,
    LeakageError,
    NotImportable,
    TooFewObservations,
    UnreadableFile,
    UnsupportedLevel,
)
from cgn_core.stats.validation import MODELS
from cgn_core.tables import Daily

UNTRAINABLE = (TooFewObservations, ConstantSeries)
SHORT = histories(weeks=(1, 16))
COUNTS = st.dictionaries(st.sampled_from(("posts", "reels")), st.sampled_from((0.0, 1.0, 3.0, 1e6)))


def storable(value: Any) -> bool:
    return bool(json.dumps(value, allow_nan=False)) and all_finite(value)


@FEWEST
@given(SHORT, st.sampled_from(MODELS), COUNTS, LEVELS)
def test_a_model_is_fitted_asked_and_drawn_or_refused(
    daily: Daily, model: str, plan: dict[str, float], level: float
) -> None:
    fit = answer_of(lambda: library.fit(daily, model), *UNTRAINABLE)
    if fit is None:
        return
    asked = {name: count for name, count in plan.items() if name in daily.levers}
    said = answer_of(lambda: library.predict(fit, [asked, {}], level=level), UnsupportedLevel)
    assert said is None or (len(said) == 2 and all_finite([each.to_json() for each in said]))
    more = answer_of(lambda: library.what_if(fit, asked, level=level), UnsupportedLevel, InvalidInput)
    assert more is None or more.low <= more.estimate <= more.high
    returns = library.roi(fit, daily, level=level)
    money = library.roi_in_money(fit, value_of_follower=2.0, cost_of_hour=30.0, level=level)
    assert len(returns) == len(money)
    assert storable([each.to_json() for each in returns])
    assert storable([each.to_json() for each in money])
    weeks = answer_of(lambda: library.plan(fit, hours=8.0, weeks=2, level=level), UnsupportedLevel, InvalidInput)
    for result in (fit, weeks, returns or None):
        if result is not None:
            assert storable(json.loads(library.figure(result).to_json()))


@FEWEST
@given(SHORT, st.sampled_from(MODELS[:5]))
def test_models_are_compared_and_histories_diagnosed_or_refused(daily: Daily, model: str) -> None:
    found = answer_of(lambda: library.compare(daily, [model]), *UNTRAINABLE)
    health = answer_of(lambda: library.diagnose(daily, model=model), *UNTRAINABLE)
    for result in (found, health):
        if result is not None:
            assert storable(result.to_json())
    if found is not None:
        assert storable(json.loads(library.figure(found).to_json()))


@FEWEST
@given(SHORT, st.lists(SHORT, max_size=3))
def test_peers_are_compared_or_refused(own: Daily, others: list[Daily]) -> None:
    peers = {f"peer {place}": daily for place, daily in enumerate(others)}
    found = answer_of(lambda: library.benchmark(own, peers), TooFewObservations)
    assert found is None or (storable(found.to_json()) and found == library.benchmark(own, peers))


@FEWEST
@given(histories(weeks=(8, 12), gaps=False), st.sampled_from((0.0, 1.0, math.nan)), st.text(max_size=8))
def test_what_has_no_sense_is_refused_by_name(daily: Daily, level: float, name: str) -> None:
    fit = answer_of(lambda: library.fit(daily), *UNTRAINABLE)
    if fit is None:
        return
    moon = pd.DataFrame({"date": daily.frame["date"], "moon": np.arange(len(daily.frame)) % 5.0})
    asked: tuple[Callable[[], object], ...] = (
        lambda: library.fit(daily, level=level),
        lambda: library.fit(daily, f"no {name}"),
        lambda: library.fit(daily, "theil_sen", extra=moon),
        lambda: library.fit(daily, extra=moon),
        lambda: library.predict(fit, {f"no {name}": 1.0}),
        lambda: library.what_if(fit, {f"no {name}": 1.0}, level=0.5),
        lambda: library.roi(fit, daily, level=level),
        lambda: library.roi_in_money(fit, value_of_follower=-1.0, cost_of_hour=1.0),
        lambda: library.plan(fit, hours=-1.0),
        lambda: library.compare(daily, [f"no {name}"]),
        lambda: library.diagnose(daily, model=f"no {name}"),
        lambda: library.benchmark(daily, {}, level=level),
        lambda: library.figure(fit, theme=f"no {name}"),
        lambda: library.figure(name),
    )
    for ask in asked:
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert type(refused.value) in (InvalidInput, UnsupportedLevel, LeakageError, TooFewObservations)
        assert refused.value.message.endswith(".")


@FEWEST
@given(histories(weeks=(2, 10)))
def test_a_table_that_is_written_is_read_again_or_its_findings_say_why_not(daily: Daily) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "account.csv"
        daily.frame.to_csv(path, index=False)
        reading = library.validate(path)
        drop = library.validate_together(path)
        assert len(drop.creators) <= 1
        read = answer_of(lambda: library.read(path), NotImportable)
        many = answer_of(lambda: library.read_many(path), NotImportable)
        severities = {finding.severity for finding in reading.findings}
        assert (read is None) == ("error" in severities) == (many is None)
        if read is not None:
            assert list(many or {}) == ["account"]
            shared = [name for name in daily.columns if name in read.frame]
            assert set(daily.levers) <= set(shared)
            np.testing.assert_allclose(read.frame[shared], daily.frame[shared])


@FEWEST
@given(st.binary(max_size=300), st.sampled_from((".csv", ".xlsx", ".json", ".zip", "")))
def test_any_bytes_are_read_or_refused_by_name(content: bytes, kind: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"account{kind}"
        path.write_bytes(content)
        assert library.validate(path).findings is not None
        assert answer_of(lambda: library.read(path), NotImportable, InvalidInput, UnreadableFile) is None
        assert answer_of(lambda: library.read_many(path), NotImportable, UnreadableFile) in (None, {})
        assert answer_of(lambda: library.weekly_sums(path), NotImportable) is None
        for ask in (
            library.validate,
            library.validate_together,
            library.read,
            library.read_many,
            library.weekly_sums,
        ):
            with pytest.raises(UnreadableFile):
                ask(Path(folder) / "elsewhere.csv")
