"""Repairs of a stored daily table: cells treated as missing, numbers capped, days dropped; chosen by a person, each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput
from cgn_core.ingest.interpreted import Flags
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance, growth_columns

RepairKind = Literal["missing", "cap", "drop_days"]
MOST_REPAIRS = 400
"""Repairs made at once; each is a span of days."""


@dataclass(frozen=True)
class Repair:
    """One span of days and what becomes of its numbers.

    Raises:
        InvalidInput: no such kind or column, a span that ends before it begins, or a cap that is no count.
    """

    kind: RepairKind
    first_day: date
    last_day: date
    column: str = ""
    """Canonical; "" for dropped days, which lose every number."""
    cap: float | None = None
    """What larger numbers become."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(RepairKind):
            raise InvalidInput("A repair treats numbers as missing, caps them or drops days; choose one of these.")
        if self.kind != "drop_days" and self.column not in DAILY_COLUMNS:
            raise InvalidInput("Choose the column to repair.")
        if self.first_day > self.last_day:
            raise InvalidInput("The first day of a repair lies after its last; swap them.")
        if self.kind == "cap" and not (self.cap is not None and np.isfinite(self.cap) and self.cap >= 0):
            raise InvalidInput("Say at which number to cap; it is at least 0.")

    @property
    def sentence(self) -> str:
        """What it does, in words."""
        span = self.first_day.isoformat()
        if self.last_day != self.first_day:
            span = f"{span} to {self.last_day.isoformat()}"
        name = self.column.replace("_", " ")
        if self.kind == "drop_days":
            return f"Days dropped: {span}."
        if self.kind == "cap":
            return f"{name} capped at {self.cap:,.10g}: {span}."
        return f"{name} treated as missing: {span}."

    def to_json(self) -> dict[str, Any]:
        """As stored beside the version it made."""
        return {
            "kind": self.kind,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "column": self.column,
            "cap": self.cap,
        }


def repairs_from_json(stored: object) -> tuple[Repair, ...]:
    """The inverse of ``to_json`` for a list; what a browser sends is not trusted.

    Raises:
        InvalidInput: it isn't a list of repairs.
    """
    if not isinstance(stored, list) or not 0 < len(stored) <= MOST_REPAIRS:
        raise InvalidInput(f"Choose a repair; at most {MOST_REPAIRS} spans of days are repaired at once.")
    return tuple(_from_json(each) for each in stored)


def apply_repairs(daily: Daily, repairs: Iterable[Repair]) -> Daily:
    """The table after the repairs, in their order; what it was given stays as it is.

    A capped number counts as imputed, because nobody observed it. Dropped days at either end leave the table; those
    between stay as days of which nothing is known, for a daily table has no gaps.

    Raises:
        InvalidInput: a column that the table hasn't, or no number of growth would be left.
    """
    values, codes = daily.frame.copy(), daily.provenance.copy()
    dropped = np.zeros(len(values), dtype=bool)
    for repair in repairs:
        span = _span(daily, repair)
        if repair.kind == "drop_days":
            values.loc[span, list(daily.columns)] = np.nan
            codes.loc[span, :] = np.int8(Provenance.MISSING)
            dropped |= span
            continue
        if repair.column not in values:
            raise InvalidInput(f"There is no {repair.column.replace('_', ' ')} in these data; choose another column.")
        if repair.kind == "cap":
            span &= (values[repair.column] > repair.cap).to_numpy()
            values.loc[span, repair.column] = repair.cap
            codes.loc[span, repair.column] = np.int8(Provenance.IMPUTED)
        else:
            values.loc[span, repair.column] = np.nan
            codes.loc[span, repair.column] = np.int8(Provenance.MISSING)
    kept = np.flatnonzero(~dropped)
    growth = [name for name in ("followers", "follows") if name in values]
    if not len(kept) or (growth_columns(values) and values[growth].isna().all(axis=None)):
        raise InvalidInput("Nothing to learn growth from would be left; repair fewer days.")
    within = slice(int(kept[0]), int(kept[-1]) + 1)
    return Daily(
        frame=values.iloc[within].reset_index(drop=True),
        provenance=codes.iloc[within].reset_index(drop=True),
        creator=daily.creator,
    )


def repaired_cells(daily: Daily, repairs: Sequence[Repair], column: str) -> Flags:
    """Days whose number in ``column`` still is what a repair made it; a later import may have brought another.

    Returns: shape (days,).
    """
    values, codes = daily.frame[column].to_numpy(), daily.provenance[column].to_numpy()
    flags = np.zeros(len(values), dtype=bool)
    for repair in repairs:
        if repair.kind != "drop_days" and repair.column != column:
            continue
        if repair.kind == "cap":
            stands = (codes == Provenance.IMPUTED) & (values == repair.cap)
        else:
            stands = codes == Provenance.MISSING
        flags |= _span(daily, repair) & stands
    return flags


def _span(daily: Daily, repair: Repair) -> Flags:
    days = daily.frame["date"]
    return ((days >= pd.Timestamp(repair.first_day)) & (days <= pd.Timestamp(repair.last_day))).to_numpy().copy()


def _from_json(stored: object) -> Repair:
    if not isinstance(stored, dict):
        raise InvalidInput("Choose a repair.")
    cap = stored.get("cap")
    try:
        first, last = (date.fromisoformat(str(stored.get(name))) for name in ("first_day", "last_day"))
    except ValueError:
        raise InvalidInput(
            "Say from which day to which, like \N{LEFT DOUBLE QUOTATION MARK}2026-03-01\N{RIGHT DOUBLE QUOTATION MARK}."
        ) from None
    return Repair(
        kind=stored.get("kind"),  # type: ignore[arg-type]  # the repair checks it itself
        first_day=first,
        last_day=last,
        column=str(stored.get("column") or ""),
        cap=float(cap) if isinstance(cap, int | float) and not isinstance(cap, bool) else None,
    )
