"""From joined accounts to checked daily tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from cgn_core.ingest.assembly import creators_of
from cgn_core.ingest.columns import DATE, IMPUTED, PROVISIONAL, Columns
from cgn_core.ingest.findings import Findings
from cgn_core.ingest.histories import note_warnings
from cgn_core.ingest.interpretation import Table
from cgn_core.ingest.joining import Account
from cgn_core.ingest.quality import note_errors
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance

_MARKERS = {PROVISIONAL: Provenance.PROVISIONAL, IMPUTED: Provenance.IMPUTED}


def checked_tables(accounts: Sequence[Account], found: Findings, *, today: date) -> tuple[Daily, ...]:
    """The accounts' daily tables with what is to be known of them; none where an error was found.

    Args:
        accounts: of one drop.
        found: takes the findings; rows are days of the joined table, counted from its first.
        today: later days are errors.
    """
    if not accounts or found.has_errors:
        return ()
    names = [name for name in DAILY_COLUMNS if any(name in account.values for account in accounts)]
    if not {"followers", "follows"} & set(names):
        found.add(
            "error",
            "no_growth",
            "neither daily followers nor new followers are among the numbers; add the file with the account's "
            "“Instagram follows”, or one with its daily follower count.",
        )
        return ()
    columns = Columns(
        header=(DATE, *names),
        layout="table",
        places={name: place for place, name in enumerate((DATE, *names))},
        competitor={},
        outcomes=(),
        known=(),
        ignored=(),
    )
    return _checked(_table(accounts, names), columns, found, today)


def _checked(table: Table, columns: Columns, found: Findings, today: date) -> tuple[Daily, ...]:
    found.unit = "day"
    note_errors(table, columns, found, today=today)
    if found.has_errors:
        return ()
    note_warnings(table, columns, found)
    return creators_of(table)


def _table(accounts: Sequence[Account], names: Sequence[str]) -> Table:
    values = {
        name: np.concatenate([each.values.get(name, np.full(len(each.days), np.nan)) for each in accounts])
        for name in names
    }
    codes = {
        name: np.concatenate([each.codes.get(name, np.zeros(len(each.days), dtype=np.int8)) for each in accounts])
        for name in names
    }
    return Table(
        creators=tuple(account.creator for account in accounts),
        codes=np.repeat(np.arange(len(accounts)), [len(account.days) for account in accounts]),
        days=np.concatenate([account.days for account in accounts]),
        values=values,
        competitor={},
        marked={marker: {name: codes[name] == code for name in names} for marker, code in _MARKERS.items()},
        lines=np.concatenate([np.arange(1, len(account.days) + 1) for account in accounts]),
    )
