from __future__ import annotations

import pytest
from proofs.fast_path import NEAR, WAYS, measure
from proofs.rows import Row

WORLDS, ORIGINS = 2, 8


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return measure(WORLDS, origins=ORIGINS)


def test_every_number_is_the_refits_in_every_world(rows: list[Row]) -> None:
    found = [row for row in rows if row.measure.startswith("largest difference")]
    assert len(found) == 2 * len(WAYS) + 1
    assert [row for row in found if not row.holds] == []
    assert max(row.value for row in found) > 0


def test_an_open_effect_is_named_and_no_other(rows: list[Row]) -> None:
    (row,) = (row for row in rows if "named" in row.measure)
    assert row.holds


def test_near_collinear_designs_keep_as_many_digits_as_statsmodels(rows: list[Row]) -> None:
    found = [row for row in rows if "digits fewer" in row.measure]
    assert len(found) == 3 * len(NEAR)
    assert [row for row in found if not row.holds] == []
