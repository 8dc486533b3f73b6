from __future__ import annotations

import numpy as np
import pytest

from cgn_core.ingest.counts import parse_counts


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", 1234),
        ("1.234", 1234),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("12,5", 12.5),
        ("12.5", 12.5),
        (".5", 0.5),
        ("1500.0", 1500),
        ("0,125", 0.125),
        ("63.3K", 63300),
        ("63,3 mil", 63300),
        ("1.2M", 1200000),
        ("12,3 %", 0.123),
        ("12%", 0.12),
        ("1 234", 1234),
        ("1\u202f234\u00a0567", 1234567),
        ("1'234", 1234),
        ("  7 ", 7),
        ("+5", 5),
        ("-1204", -1204),
        ("\u2212" + "3", -3),
        ("1.2E+05", 120000),
        ("1,2e3", 1200),
        ("true", 1),
        ("no", 0),
    ],
)
def test_a_number_is_read_as_it_was_meant(text: str, number: float) -> None:
    parsed = parse_counts([text], whole=True)
    assert parsed.values[0] == pytest.approx(number, abs=1e-12)
    assert not len(parsed.unreadable)


@pytest.mark.parametrize(
    "text",
    ["abc", "1.2.3", "05.01.2026", "1,23,4", "12 34", "1.234,567.8", "--5", "5-", "e5", ".", ",", "K", "9" * 41, "٣"],
)
def test_what_is_no_number_is_reported_and_not_guessed(text: str) -> None:
    parsed = parse_counts(["1", text], whole=True)
    assert parsed.unreadable.tolist() == [1]
    assert np.isnan(parsed.values[1])


def test_another_cell_of_the_column_shows_that_a_dot_begins_fractions() -> None:
    assert parse_counts(["1.234", "12.5"], whole=True).values.tolist() == [1.234, 12.5]
    assert parse_counts(["1,234", "12,5"], whole=True).values.tolist() == [1.234, 12.5]
    assert parse_counts(["1.234", "12,5"], whole=True).values.tolist() == [1234, 12.5]


def test_a_dot_before_three_digits_begins_a_fraction_where_fractions_are_usual() -> None:
    assert parse_counts(["90.125"], whole=False).values.tolist() == [90.125]


def test_numbers_that_are_numbers_already_stay_as_they_are() -> None:
    parsed = parse_counts([1.234, 7, True, None, float("nan"), 10**400, ["x"]], whole=True)
    np.testing.assert_array_equal(parsed.values, [1.234, 7, 1, np.nan, np.nan, np.nan, np.nan])
    assert parsed.unreadable.tolist() == [5, 6]


def test_abbreviated_numbers_are_remembered_as_rounded() -> None:
    assert parse_counts(["63.3K", "63300", None, "1M"], whole=True).rounded.tolist() == [0, 3]
