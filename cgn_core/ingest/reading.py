"""One file to daily tables and findings; the only entrance for bytes that somebody uploaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.errors import FileTooLarge, UnreadableFile
from cgn_core.ingest.cells import parse_dates, parse_numbers
from cgn_core.ingest.columns import (
    CREATOR,
    DATE,
    OUTCOMES,
    PROVISIONAL,
    competitor_columns,
    is_public_layout,
    map_columns,
    plain_name,
)
from cgn_core.ingest.findings import Finding, finding, rows_in_words
from cgn_core.ingest.quality import Source, history_findings, row_findings
from cgn_core.ingest.tabular import Table, read_table
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance, daily_from_frame

MAX_BYTES = 50 * 1024 * 1024
LONGEST_SPAN_DAYS = 366 * 40
"""A span this long is a typing error in a date, and would fill memory with missing days."""
OWN, PUBLIC, OTHER = "own", "public39", "table"


@dataclass(frozen=True)
class Reading:
    """What a file holds. With an error among the findings ``creators`` is empty: nothing is half imported."""

    file_name: str
    file_hash: str
    """SHA-256 of the bytes, hexadecimal."""
    format: str
    """own | public39 | table; "" where it is no table."""
    rows: int
    first_date: date | None
    last_date: date | None
    columns: dict[str, str]
    """Source column to canonical column."""
    findings: tuple[Finding, ...]
    creators: tuple[Daily, ...] = ()
    competitors: dict[str, Daily] = field(default_factory=dict)

    @property
    def importable(self) -> bool:
        """Whether no finding is an error."""
        return not any(found.severity == "error" for found in self.findings)

    def to_json(self) -> dict[str, Any]:
        """What ``cgn validate --json`` prints."""
        return {
            "format": self.format,
            "rows": self.rows,
            "from": self.first_date.isoformat() if self.first_date else None,
            "to": self.last_date.isoformat() if self.last_date else None,
            "columns": self.columns,
            "importable": self.importable,
            "findings": [found.to_json() for found in self.findings],
            "file": self.file_name,
            "sha256": self.file_hash,
            "creators": [daily.creator for daily in self.creators],
            "competitors": list(self.competitors),
        }


def read_bytes(data: bytes, *, file_name: str, today: date) -> Reading:
    """Read a file of daily numbers; bad content becomes error findings, never an exception.

    Args:
        data: the file, at most 50 MB.
        file_name: for the sentences only; what the bytes hold decides the format.
        today: in the workspace's time zone; later dates are errors.
    """
    digest = hashlib.sha256(data).hexdigest()

    def refused(code: str, sentence: str) -> Reading:
        return Reading(file_name, digest, "", 0, None, None, {}, (finding("error", code, sentence),))

    if len(data) > MAX_BYTES:
        size = f"{file_name} has {len(data) / 1024**2:.0f} MB; files up to {MAX_BYTES // 1024**2} MB can be read."
        return refused(FileTooLarge.code, f"{size} Split it by creator or by year and import the parts.")
    try:
        table = read_table(data, file_name=file_name)
    except UnreadableFile as error:
        return refused(error.code, error.message)
    return _read(table, file_name=file_name, digest=digest, today=today)


def _read(table: Table, *, file_name: str, digest: str, today: date) -> Reading:
    columns = map_columns(table.header)
    layout = PUBLIC if is_public_layout(table.header) else OWN if set(columns) == set(columns.values()) else OTHER
    findings = _header_findings(table, columns, file_name)

    def reading(first: date | None = None, last: date | None = None, **found: Any) -> Reading:
        return Reading(file_name, digest, layout, len(table.rows), first, last, columns, tuple(findings), **found)

    if any(found.severity == "error" for found in findings):
        return reading()
    cells = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    texts = {canonical: cells[source] for source, canonical in columns.items()}
    dates, date_findings = _dates(texts[DATE], table, file_name)
    findings += date_findings
    rivals = competitor_columns(table.header) if layout == PUBLIC else {}
    values, value_findings = _values(texts, table, file_name)
    findings += value_findings
    span = dates[~np.isnat(dates)]
    if not len(span) or any(found.severity == "error" for found in findings):
        return reading()
    first, last = span.min().item(), span.max().item()
    sources = _by_creator(texts.get(CREATOR), dates, values, table)
    for source in sources:
        findings += row_findings(source, file_name=file_name, today=today)
    if (last - first).days > LONGEST_SPAN_DAYS:
        findings.append(
            finding(
                "error", "span_too_long", f"{file_name} runs from {first} to {last}; correct the year of the dates."
            )
        )
    if any(found.severity == "error" for found in findings):
        return reading(first, last)
    provisional = _flags(texts.get(PROVISIONAL))
    creators = tuple(_daily(source, provisional, table) for source in sources)
    for source, daily in zip(sources, creators, strict=True):
        lines = dict(zip(source.dates, source.lines.tolist(), strict=True))
        findings += history_findings(daily, file_name=file_name, lines=lines)
    competitors = _competitors(rivals, cells, dates, creators)
    return reading(first, last, creators=creators, competitors=competitors)


def _header_findings(table: Table, columns: dict[str, str], file_name: str) -> list[Finding]:
    found = []
    present = set(columns.values())
    repeated = sorted({name for name in table.header if name and table.header.count(name) > 1})
    if repeated:
        found.append(
            finding(
                "error",
                "repeated_header",
                f"{file_name}: the header names {', '.join(repeated)} twice; rename one.",
                [1],
            )
        )
    if DATE not in present:
        found.append(
            finding("error", "no_date", f"{file_name} has no date column; name the column with the days “date”.", [1])
        )
    if not {"followers", "follows"} & present:
        found.append(
            finding(
                "error",
                "no_growth",
                f"{file_name} has neither followers nor follows, so growth can't be known; add one of these columns.",
                [1],
            )
        )
    if table.ragged:
        found.append(
            finding(
                "error",
                "ragged_rows",
                f"{file_name}: {rows_in_words(table.ragged)} {'has' if len(table.ragged) == 1 else 'have'} not the "
                f"{len(table.header)} cells of the header; export the file again or mend these rows.",
                table.ragged,
            )
        )
    outcomes = [name for name in table.header if plain_name(name) in OUTCOMES]
    if outcomes:
        found.append(
            finding(
                "info",
                "outcome_columns",
                f"{', '.join(outcomes)}: only known once the week is over, so never a predictor; not imported.",
            )
        )
    rivals = competitor_columns(table.header)
    ignored = [
        name for name in table.header if name and name not in columns and name not in outcomes and name not in rivals
    ]
    if ignored:
        found.append(
            finding("info", "ignored_columns", f"Not imported, as the product doesn't use them: {', '.join(ignored)}.")
        )
    return found


def _dates(texts: tuple[str, ...], table: Table, file_name: str) -> tuple[Any, list[Finding]]:
    parsed = parse_dates(texts)
    if parsed.ambiguous:
        sentence = (
            f"{file_name}: dates such as {texts[0].strip()} can be read as day-month and as month-day; "
            "write them as YYYY-MM-DD."
        )
        return parsed.values, [finding("error", "ambiguous_dates", sentence, table.lines)]
    if parsed.unreadable:
        lines = [table.lines[place] for place in parsed.unreadable]
        example = texts[parsed.unreadable[0]].strip()[:40] or "an empty cell"
        sentence = f"{file_name}: no date in {rows_in_words(lines)} ({example!r}); write dates as YYYY-MM-DD."
        return parsed.values, [finding("error", "unreadable_date", sentence, lines)]
    return parsed.values, []


def _values(texts: dict[str, tuple[str, ...]], table: Table, file_name: str) -> tuple[pd.DataFrame, list[Finding]]:
    values, found = {}, []
    for name in DAILY_COLUMNS:
        if name not in texts:
            continue
        parsed = parse_numbers(texts[name])
        values[name] = parsed.values
        if parsed.unreadable:
            lines = [table.lines[place] for place in parsed.unreadable]
            example = texts[name][parsed.unreadable[0]].strip()[:40]
            sentence = (
                f"{file_name}: {name} is no number in {rows_in_words(lines)} ({example!r}); "
                "correct these cells or leave them empty."
            )
            found.append(finding("error", "not_a_number", sentence, lines))
    return pd.DataFrame(values), found


def _by_creator(creators: tuple[str, ...] | None, dates: Any, values: pd.DataFrame, table: Table) -> list[Source]:
    lines = np.asarray(table.lines, dtype=np.int64)
    stamps = pd.Series(dates.astype("datetime64[s]"))
    names = pd.Series([name.strip().removeprefix("@") for name in creators] if creators else [""] * len(lines))
    return [
        Source(
            creator=str(name),
            dates=stamps.iloc[places].reset_index(drop=True),
            values=values.iloc[places].reset_index(drop=True),
            lines=lines[places],
        )
        for name, places in names.groupby(names, sort=False).indices.items()
    ]


def _flags(texts: tuple[str, ...] | None) -> list[bool] | None:
    if texts is None:
        return None
    return [text.strip().casefold() in {"1", "1.0", "true", "yes"} for text in texts]


def _daily(source: Source, provisional: list[bool] | None, table: Table) -> Daily:
    daily = daily_from_frame(source.values.assign(date=source.dates), creator=source.creator)
    if provisional is None:
        return daily
    by_line = dict(zip(table.lines, provisional, strict=True))
    open_days = {day for day, line in zip(source.dates, source.lines.tolist(), strict=True) if by_line[line]}
    mask = daily.frame["date"].isin(open_days).to_numpy()
    codes = daily.provenance.copy()
    for name in codes:
        codes.loc[mask & (codes[name] == Provenance.OBSERVED).to_numpy(), name] = Provenance.PROVISIONAL
    return Daily(frame=daily.frame, provenance=codes, creator=daily.creator)


def _competitors(
    rivals: dict[str, str], cells: dict[str, tuple[str, ...]], dates: Any, creators: tuple[Daily, ...]
) -> dict[str, Daily]:
    if not rivals or len(creators) != 1:
        return {}
    values = {canonical: parse_numbers(cells[source]).values for source, canonical in rivals.items()}
    frame = pd.DataFrame(values).assign(date=dates.astype("datetime64[s]"))
    name = f"{creators[0].creator or 'creator'} competitor"
    return {name: daily_from_frame(frame, creator=name)}
