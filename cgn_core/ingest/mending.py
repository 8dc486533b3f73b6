"""Faults that somebody may choose to mend when a file comes in; unless chosen, each refuses the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cgn_core.ingest.columns import CREATOR, DATE, Columns
from cgn_core.ingest.findings import Findings, Severity, listed
from cgn_core.ingest.grid import Floats, Grid, Positions
from cgn_core.ingest.interpreted import Flags, Table
from cgn_core.ingest.questions import LEAVE_OUT, REFUSE, Asking
from cgn_core.ingest.rejects import RejectedRow, Rejects

MISSING, FIRST, LAST, LARGER = "missing", "first", "last", "larger"
_REFUSE = (REFUSE, "refuse the file until it is mended")
_LONGEST_CELL = 40


@dataclass(frozen=True)
class _Fault:
    code: str
    sentence: str
    lines: tuple[int, ...]


@dataclass
class Mending:
    """What is wrong with rows of one file, and what was chosen about it.

    Attributes:
        asking: of the file.
        faults: of rows that can't be read, before anything is decided.
        left_out: by line, why the row was left out.
    """

    asking: Asking
    faults: list[_Fault] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)

    @property
    def found(self) -> Findings:
        """What is found in the file."""
        return self.asking.found

    def fault(self, code: str, sentence: str, lines: Sequence[int] | Positions) -> None:
        """Note rows that can't be read; the sentence goes on from the file's name."""
        self.faults.append(_Fault(code, sentence, tuple(int(line) for line in lines)))

    def decide_rows(self) -> Positions:
        """The lines to leave out; without that choice each fault becomes an error."""
        if not self.faults:
            return np.empty(0, dtype=np.int64)
        lines = sorted({line for fault in self.faults for line in fault.lines})
        number = f"{len(lines):,} {self.found.unit}{'' if len(lines) == 1 else 's'}"
        chosen = self.asking.ask(
            "unreadable_rows",
            f"{self.found.places(lines)} can't be read; what shall become of {'it' if len(lines) == 1 else 'them'}?",
            [_REFUSE, (LEAVE_OUT, f"leave out {number}, kept in a file of rejects")],
            proposed=REFUSE,
        )
        if chosen != LEAVE_OUT:
            for fault in self.faults:
                self.found.add("error", fault.code, fault.sentence, fault.lines)
            return np.empty(0, dtype=np.int64)
        for fault in self.faults:
            reason = fault.code.replace("_", " ")
            for line in fault.lines:
                self.left_out[line] = f"{self.left_out[line]}, {reason}" if line in self.left_out else reason
        self.found.add(
            "info",
            "rows_left_out",
            f"{number} that can't be read {'is' if len(lines) == 1 else 'are'} left out as chosen "
            f"({self.found.places(lines)}); their days stay missing.",
            lines,
        )
        return np.asarray(lines, dtype=np.int64)

    def decide_values(self, source: str, sentence: str, code: str, lines: Positions) -> bool:
        """Whether a column's impossible numbers are to be taken as missing; else they are an error."""
        chosen = self.asking.ask(
            f"{code}/{source}",
            f"{sentence}; what shall become of {'it' if len(lines) == 1 else 'them'}?",
            [_REFUSE, (MISSING, "take these cells as missing")],
            proposed=REFUSE,
        )
        if chosen == MISSING:
            self.found.add("info", "values_missing", f"{sentence}; taken as missing as chosen.", lines)
            return True
        self.found.add("error", code, f"{sentence}; correct these cells or leave them empty.", lines)
        return False


def settle_duplicates(table: Table, columns: Columns, mending: Mending) -> Table:
    """The table with each creator's day once, as chosen; unless chosen the doubled days are an error."""
    doubled = ~first_of_day(table)
    if not doubled.any():
        return table
    found, source = mending.found, columns.source(DATE)
    at = np.flatnonzero(doubled)
    group = np.cumsum(~doubled) - 1
    many = np.flatnonzero(np.bincount(group)[group] > 1)
    lines = np.sort(table.lines[many])
    what = f"{source} has {table.days[at[0]]} more than once{table.named(table.codes[at])} in {found.places(lines)}"
    chosen = mending.asking.ask(
        "duplicates",
        f"{what}; which row of a doubled day counts?",
        [
            _REFUSE,
            (FIRST, "the first in the file"),
            (LAST, "the last in the file"),
            (LARGER, f"the one with the larger {_larger_by(table, columns)}"),
            (LEAVE_OUT, "none, the day stays missing"),
        ],
        proposed=REFUSE,
    )
    if chosen is None or chosen == REFUSE:
        remedy = "" if CREATOR in columns.places else ", or add a creator column"
        severity: Severity = "error"
        found.add(severity, "duplicate_dates", f"{what}; keep one row a day{remedy}.", lines)
        return table
    kept = np.ones(len(table.days), dtype=bool)
    kept[many] = False
    if chosen != LEAVE_OUT:
        size = _size(table) if chosen == LARGER else table.lines.astype(np.float64)
        order = np.lexsort((table.lines, size if chosen != FIRST else -size, group))
        ends = np.append(np.flatnonzero(np.diff(group[order])), len(order) - 1)
        kept[order[ends]] = True
    for line in table.lines[~kept]:
        mending.left_out[int(line)] = "doubled day"
    gone = np.sort(table.lines[~kept])
    choice = {FIRST: "the first", LAST: "the last", LARGER: "the larger", LEAVE_OUT: "none"}[chosen]
    found.add(
        "info",
        "duplicates_settled",
        f"of each day that {source} has more than once, {choice} row counts as chosen; left out: {found.places(gone)}.",
        gone,
    )
    return table.only(np.flatnonzero(kept))


def first_of_day(table: Table) -> Flags:
    """Rows that are not a repetition of their creator's day in the row before."""
    first = np.ones(len(table.days), dtype=bool)
    first[1:] = (np.diff(table.codes) != 0) | (np.diff(table.days) != np.timedelta64(0, "D"))
    return first


def rejects_of(grid: Grid, columns: Columns, mending: Mending) -> Rejects | None:
    """The rows left out, with the cells that are read but whose numbers they are; None where none was."""
    if not mending.left_out:
        return None
    places = sorted(
        {place for name, place in columns.places.items() if name != CREATOR} | {*columns.competitor.values()}
    )
    cells = {place: grid.cells(place) for place in places}
    position = {int(line): at for at, line in enumerate(grid.lines)}
    return Rejects(
        tuple(grid.header[place] for place in places),
        tuple(
            RejectedRow(
                line,
                reason,
                tuple(_text(cells[place][position[line]]) if line in position else "" for place in places),
            )
            for line, reason in sorted(mending.left_out.items())
        ),
    )


def _larger_by(table: Table, columns: Columns) -> str:
    return listed([columns.source(name) for name in ("followers", "follows") if name in table.values][:1])


def _size(table: Table) -> Floats:
    name = "followers" if "followers" in table.values else "follows"
    return np.nan_to_num(table.values.get(name, np.zeros(len(table.days))), nan=-np.inf)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)[:_LONGEST_CELL]
