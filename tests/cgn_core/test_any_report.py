"""A report of any history: written in every form, with the weeks as they are, or refused by name."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from any_histories import FEWEST, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core import library
from cgn_core.errors import InvalidInput, UnreadableFile
from cgn_core.figures.wording import NOTHING
from cgn_core.stats.past_weeks import LEDGER, History, MadeBefore, PastWeek, past_weeks
from cgn_core.tables import Daily

TODAY = date(2026, 11, 29)


@FEWEST
@given(histories(weeks=(1, 16)), st.sampled_from(("html", "pdf", "xlsx")), st.text(max_size=12))
def test_any_history_is_reported_on_in_any_form(daily: Daily, form: str, words: str) -> None:
    document = library.report(daily, today=TODAY, agency=words)
    assert isinstance(document, library.Document)
    assert all(NOTHING not in str(fact.value) for fact in document.facts)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"report.{form}"
        library.write_report(document, path)
        assert path.read_bytes()[:2] == {"html": b"<!", "pdf": b"%P", "xlsx": b"PK"}[form]
        with pytest.raises(InvalidInput, match=r"must end in"):
            library.write_report(document, path.with_suffix(".doc"))
        with pytest.raises(InvalidInput, match="can't be written"):
            library.write_report(document, Path(folder) / "none" / path.name)
        with pytest.raises(UnreadableFile):
            library.report(daily, today=TODAY, files=[Path(folder) / "gone.csv"])


@FEWEST
@given(histories(weeks=(1, 16)), st.floats(-1e6, 1e6))
def test_past_weeks_are_the_tables_own_and_what_was_shown_stands_beside_them(daily: Daily, median: float) -> None:
    weekly = daily.weekly()
    alone = past_weeks(weekly, None)
    assert isinstance(alone, History)
    assert all(isinstance(week, PastWeek) and week.median is None for week in alone.weeks)
    known = [week.actual for week in alone.weeks]
    assert [value for value in known if value is not None] == weekly["net_growth"].dropna().tolist()
    assert MadeBefore(median, median - 1, median + 1, 0.9, LEDGER).median == median
