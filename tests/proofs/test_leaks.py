from __future__ import annotations

import pytest
from proofs.leaks import measure
from proofs.rows import Row
from scipy import stats

from datagen.worlds import KINDS, SECOND_KINDS

WORLDS = 1
PLANNED_COLUMNS = 14
PLACES = len(KINDS) + len(SECOND_KINDS)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return measure(WORLDS, weeks=(52,))


def chosen(rows: list[Row], measured: str) -> list[Row]:
    return [row for row in rows if row.measure == measured]


def test_growth_in_disguise_is_refused_in_every_world(rows: list[Row]) -> None:
    found = chosen(rows, "growth in disguise refused")
    assert len(found) == PLACES
    missed = [row for row in rows if row.measure.startswith("growth in disguise refused:") and row.value < 1]
    assert missed == []
    assert all(row.holds for row in found)


def test_known_outcomes_are_refused_under_every_spelling_even_when_declared(rows: list[Row]) -> None:
    (found,) = chosen(rows, "known outcomes refused by name, whatever is declared")
    assert found.worlds > 1_000
    assert found.value == 1.0


def test_planned_columns_are_hardly_ever_refused(rows: list[Row]) -> None:
    found = chosen(rows, "planned columns refused")
    tried = len(found) * WORLDS * PLANNED_COLUMNS
    refused = sum(row.value * WORLDS * PLANNED_COLUMNS for row in found)
    assert refused <= stats.binom.ppf(0.999, tried, 0.02)


def test_unknown_columns_never_enter_undeclared(rows: list[Row]) -> None:
    found = chosen(rows, "undeclared unknown columns refused")
    assert len(found) == PLACES
    assert all(row.value == 1.0 for row in found)


def test_what_leaks_softly_is_measured_beside_it(rows: list[Row]) -> None:
    found = chosen(rows, "same-week engagement, reach and saves refused by the rule alone")
    assert len(found) == PLACES
    # Statistics can't tell them from planned columns: the registry's names and the lag protect, not this rule.
    assert sum(row.value for row in found) / len(found) < 0.5
