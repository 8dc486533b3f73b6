from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cgn_core.services.data_versions import change_between, hash_daily, join_daily, overview_of
from cgn_core.tables import Daily, Provenance, daily_from_frame

NAN = float("nan")


def daily(start: str, columns: Mapping[str, Sequence[float]], *, provisional_days: int = 0) -> Daily:
    days = len(next(iter(columns.values())))
    frame = pd.DataFrame({"date": pd.date_range(start, periods=days), **columns})
    return daily_from_frame(frame, creator="lena", provisional_days=provisional_days)


def test_where_the_newer_has_a_number_it_wins_elsewhere_the_older_stays() -> None:
    older = daily("2025-01-06", {"follows": [1, 2, 3], "posts": [1, 1, 1]})
    newer = daily("2025-01-07", {"follows": [20, NAN, 40], "reels": [5, 6, 7]})
    joined = join_daily(older, newer)
    assert joined.columns == ("follows", "posts", "reels")
    np.testing.assert_array_equal(joined.frame["follows"], [1, 20, 3, 40])
    np.testing.assert_array_equal(joined.frame["posts"], [1, 1, 1, NAN])
    np.testing.assert_array_equal(joined.frame["reels"], [NAN, 5, 6, 7])


def test_provenance_follows_each_cell() -> None:
    older = daily("2025-01-06", {"follows": [1, 2, 3]}, provisional_days=2)
    newer = daily("2025-01-08", {"follows": [4, NAN, 5]}, provisional_days=1)
    codes = join_daily(older, newer).provenance["follows"].tolist()
    observed, provisional, missing = Provenance.OBSERVED, Provenance.PROVISIONAL, Provenance.MISSING
    assert codes == [observed, provisional, observed, missing, provisional]


def test_a_gap_between_two_files_is_missing_days() -> None:
    joined = join_daily(daily("2025-01-06", {"follows": [1]}), daily("2025-01-09", {"follows": [4]}))
    np.testing.assert_array_equal(joined.frame["follows"], [1, NAN, NAN, 4])
    assert joined.provenance["follows"].tolist() == [1, 0, 0, 1]


def test_an_older_file_after_a_newer_one_fills_the_past_in() -> None:
    older, newer = daily("2025-01-06", {"follows": [1, 2]}), daily("2025-01-08", {"follows": [3]})
    assert hash_daily(join_daily(newer, older)) == hash_daily(join_daily(older, newer))


def test_a_day_that_is_no_longer_provisional_is_a_change() -> None:
    earlier = daily("2025-01-06", {"follows": [1, 2, 3]}, provisional_days=1)
    final = daily("2025-01-06", {"follows": [1, 2, 3]})
    assert hash_daily(earlier) != hash_daily(final)
    change = change_between(earlier, final)
    assert (change.new_days, change.changed_days, change.unchanged_days) == (0, 1, 2)
    assert change.sentence == "1 day with other numbers; 2 days as before."


def test_the_same_numbers_have_the_same_hash_and_other_numbers_another() -> None:
    table = daily("2025-01-06", {"follows": [1, NAN, 0.0], "posts": [1, 1, 1]})
    same = daily("2025-01-06", {"posts": [1, 1, 1], "follows": [1, -NAN, -0.0]})
    assert hash_daily(table) == hash_daily(same)
    others = [
        daily("2025-01-07", {"follows": [1, NAN, 0.0], "posts": [1, 1, 1]}),
        daily("2025-01-06", {"follows": [1, NAN, 0.5], "posts": [1, 1, 1]}),
        daily("2025-01-06", {"follows": [1, NAN, 0.0], "reels": [1, 1, 1]}),
    ]
    assert len({hash_daily(other) for other in [table, *others]}) == 4


def test_nothing_new_is_said_in_words() -> None:
    table = daily("2025-01-06", {"follows": [1, 2, 3]})
    assert change_between(table, table).nothing
    assert "nothing changes" in change_between(table, table).sentence


def test_the_overview_counts_complete_weeks_and_keeps_the_last_sixteen() -> None:
    days = 20 * 7 + 3
    table = daily("2025-01-06", {"followers": list(range(1000, 1000 + days)), "follows": [1.0] * days})
    overview = overview_of(table)
    assert (overview.followers, overview.last_week_growth, overview.weeks) == (1000 + days - 1, 7.0, 19)
    assert overview.last_week_start == "2025-05-19"
    assert len(overview.sparkline) == 16
