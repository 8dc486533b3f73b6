"""Several files of an account become one daily table; which file each number comes from stays known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.findings import Findings, excerpt, listed
from cgn_core.ingest.fragments import Fragment, Metrics, Pieces
from cgn_core.ingest.grid import Days, Floats
from cgn_core.tables import CONTENT_TYPES, DAILY_COLUMNS, Provenance

QUIET_DAYS = 14
"""How long an account is taken to have posted nothing, rather than the list to end, at either end of a list."""
_ONE_DAY = np.timedelta64(1, "D")

Codes = npt.NDArray[np.int8]
Places = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Account:
    """One account's days out of all files of a drop.

    Attributes:
        creator: the handle, "" where no file names it.
        days: shape (n,), without gaps.
        values: by canonical column, shape (n,), NaN where missing.
        codes: :class:`Provenance` per cell, shape (n,) by column.
        sources: names of the files.
        places: by column, shape (n,), which source each cell comes from; -1 where missing.
    """

    creator: str
    days: Days
    values: dict[str, Floats]
    codes: dict[str, Codes]
    sources: tuple[str, ...]
    places: dict[str, Places]


def join_fragments(fragments: Sequence[Fragment], found: Findings) -> tuple[Account, ...]:
    """One account per handle; files without a handle belong to the only account that is named.

    The same day from two files: the one that ends later wins. A day that the platform left out of a series becomes an
    observed zero only between the series' first and last day, and only where another metric has that day; what is
    missing at the end is not there yet. Days without a piece are zeros within the span of the lists, and up to two
    quiet weeks beyond it where the metrics go on.
    """
    named = {fragment.creator.casefold(): fragment.creator for fragment in fragments if fragment.creator}
    unnamed = [fragment for fragment in fragments if not fragment.creator]
    if len(named) > 1 and unnamed:
        found.add(
            "error",
            "whose_numbers",
            f"{listed([excerpt(fragment.source) for fragment in unnamed])} "
            f"{'names' if len(unnamed) == 1 else 'name'} no account, and the other files belong to "
            f"{listed([excerpt(name) for name in named.values()])}; upload each account's files by themselves.",
        )
        return ()
    names = list(named.values()) or [""]
    return tuple(
        _join(
            [each for each in fragments if not each.creator or each.creator.casefold() == name.casefold()], name, found
        )
        for name in names
    )


def _join(fragments: Sequence[Fragment], creator: str, found: Findings) -> Account:
    metrics = sorted(
        (each for each in fragments if isinstance(each, Metrics)), key=lambda each: (each.rank, each.days[-1])
    )
    lists = [each for each in fragments if isinstance(each, Pieces)]
    sources = tuple(dict.fromkeys(each.source for each in fragments))
    days = _span(metrics, lists)
    values: dict[str, Floats] = {}
    codes: dict[str, Codes] = {}
    places: dict[str, Places] = {}
    differing: dict[str, set[str]] = {}
    for each in metrics:
        at = (each.days - days[0]).astype(np.int64)
        for name, numbers in each.values.items():
            target = values.setdefault(name, np.full(len(days), np.nan))
            marks = codes.setdefault(name, np.zeros(len(days), dtype=np.int8))
            origin = places.setdefault(name, np.full(len(days), -1, dtype=np.int16))
            known = ~np.isnan(numbers)
            before = target[at]
            if (known & ~np.isnan(before) & (before != numbers)).any():
                differing.setdefault(name, set()).update({each.source, sources[int(origin[at][known][0])]})
            target[at[known]] = numbers[known]
            marks[at[known]] = each.codes[name][known]
            origin[at[known]] = sources.index(each.source)
    for name, both in differing.items():
        found.add(
            "warning",
            "files_disagree",
            f"{name} differs between {listed(sorted(excerpt(source) for source in both))} on days that both have; the "
            "file that ends later is used.",
        )
    _fill_omitted(metrics, values, codes, places, sources, found)
    _count_pieces(lists, metrics, days, values, codes, places, sources, found)
    order = [name for name in DAILY_COLUMNS if name in values]
    return Account(
        creator=creator,
        days=days,
        values={name: values[name] for name in order},
        codes={name: codes[name] for name in order},
        sources=sources,
        places={name: places[name] for name in order},
    )


def _span(metrics: Sequence[Metrics], lists: Sequence[Pieces]) -> Days:
    seen = np.concatenate(
        [*(each.days for each in metrics), *(np.array([piece.day for piece in each.pieces]) for each in lists)]
    ).astype("datetime64[D]")
    return np.arange(seen.min(), seen.max() + _ONE_DAY)


def _fill_omitted(
    metrics: Sequence[Metrics],
    values: dict[str, Floats],
    codes: dict[str, Codes],
    places: dict[str, Places],
    sources: tuple[str, ...],
    found: Findings,
) -> None:
    """Zeros for days that the platform left out in the middle of a series, where another series proves the export."""
    omitting = {name: each.source for each in metrics for name in each.omits_zero_days}
    known = {name: ~np.isnan(numbers) for name, numbers in values.items()}
    for name, source in omitting.items():
        present = np.flatnonzero(known[name])
        if not len(present):
            continue
        others = np.zeros(len(values[name]), dtype=bool)
        for other, flags in known.items():
            if other != name:
                others |= flags
        middle = np.zeros(len(values[name]), dtype=bool)
        middle[present[0] : present[-1]] = True
        zeros = middle & ~known[name] & others
        if zeros.any():
            values[name][zeros] = 0.0
            codes[name][zeros] = Provenance.OBSERVED
            places[name][zeros] = sources.index(source)
            found.add(
                "info",
                "omitted_zero_days",
                f"{name} leaves out {int(zeros.sum())} day(s) on which the other metrics have numbers; small accounts' "
                "exports omit days of zero, so these count as 0.",
            )


def _count_pieces(
    lists: Sequence[Pieces],
    metrics: Sequence[Metrics],
    days: Days,
    values: dict[str, Floats],
    codes: dict[str, Codes],
    places: dict[str, Places],
    sources: tuple[str, ...],
    found: Findings,
) -> None:
    """Counts per day from the lists of pieces, each piece once; days that no list covers stay missing."""
    groups: dict[tuple[str, ...], tuple[np.datetime64, np.datetime64]] = {}
    for name in CONTENT_TYPES:
        covering = [each for each in lists if name in each.columns]
        if not covering or name in values:
            continue
        pieces = {piece.identity: piece for each in covering for piece in each.pieces}
        group = tuple(each.source for each in covering)
        if group not in groups:
            groups[group] = _covered([piece.day for piece in pieces.values()], metrics, group, found)
        first, last = groups[group]
        counts = np.full(len(days), np.nan)
        inside = (days >= first) & (days <= last)
        counts[inside] = 0.0
        for piece in pieces.values():
            if piece.column == name:
                counts[int((piece.day - days[0]).astype(np.int64))] += 1.0
        values[name] = counts
        codes[name] = np.where(inside, Provenance.OBSERVED, Provenance.MISSING).astype(np.int8)
        places[name] = np.where(inside, sources.index(covering[-1].source), -1).astype(np.int16)


def _covered(
    published: Sequence[np.datetime64], metrics: Sequence[Metrics], lists: Sequence[str], found: Findings
) -> tuple[np.datetime64, np.datetime64]:
    """The days a list speaks of: from its first to its last piece, and two quiet weeks further with the metrics."""
    first, last = min(published), max(published)
    if not metrics:
        return first, last
    begins, ends = min(each.days[0] for each in metrics), max(each.days[-1] for each in metrics)
    quiet = np.timedelta64(QUIET_DAYS, "D")
    for gap, where, edge in ((first - begins, "before", first), (ends - last, "after", last)):
        if gap > quiet:
            found.add(
                "warning",
                "activity_ends",
                f"{listed([excerpt(source) for source in lists])} lists nothing {where} {edge} and the metrics go on; "
                "those days' posts stay unknown, export the content of the whole period if there were any.",
            )
    return (
        begins if np.timedelta64(0, "D") < first - begins <= quiet else first,
        ends if np.timedelta64(0, "D") < ends - last <= quiet else last,
    )
