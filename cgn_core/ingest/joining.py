"""Several files of an account become one daily table; which file each number comes from stays known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.findings import Findings, excerpt, listed
from cgn_core.ingest.fragments import Fragment, Metrics, Pieces
from cgn_core.ingest.grid import Days, Floats
from cgn_core.ingest.questions import CREATOR, NO_ANSWERS, Asking
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


def join_fragments(fragments: Sequence[Fragment], found: Findings, asking: Asking | None = None) -> tuple[Account, ...]:
    """One account per handle; files without a handle belong to the only account that is named, else it is asked whose.

    The same day from two files: the one that ends later wins. A day that the platform left out of a series becomes an
    observed zero only between the first and last day of one export of it, and only where another metric of the platform
    has that day; what is missing at the end of an export, or between two, is not there yet. Days without a piece are
    zeros within the span of the lists, and up to two quiet weeks beyond it where the metrics go on.
    """
    named = {name.casefold(): name for name in sorted({each.creator for each in fragments}, reverse=True) if name}
    named = {key: named[key] for key in dict.fromkeys(each.creator.casefold() for each in fragments if each.creator)}
    unnamed = [fragment for fragment in fragments if not fragment.creator]
    if len(named) > 1 and unnamed:
        nameless = sorted({excerpt(fragment.source) for fragment in unnamed})
        whose = (asking or Asking(found, "", NO_ANSWERS)).ask(
            CREATOR,
            f"{listed(nameless)} {'names' if len(nameless) == 1 else 'name'} no account, and the other files belong to "
            f"{listed([excerpt(name) for name in named.values()])}; whose numbers are they?",
            [(name, name) for name in named.values()],
        )
        if whose is None:
            return ()
        fragments = [each if each.creator else replace(each, creator=whose) for each in fragments]
        fragments = _with_growth(fragments, found)
        named = {key: name for key, name in named.items() if key in {each.creator.casefold() for each in fragments}}
    names = list(named.values()) or [""]
    return tuple(
        _join(
            [each for each in fragments if not each.creator or each.creator.casefold() == name.casefold()], name, found
        )
        for name in names
    )


def _with_growth(fragments: Sequence[Fragment], found: Findings) -> list[Fragment]:
    """Less the accounts of which no file has any growth, where another account's has: a list of posts may hold many."""
    grown = {
        each.creator.casefold()
        for each in fragments
        if isinstance(each, Metrics) and {"followers", "follows"} & each.values.keys()
    }
    idle = sorted({each.creator for each in fragments if each.creator.casefold() not in grown})
    if not grown or not idle:
        return list(fragments)
    found.add(
        "warning",
        "no_growth_of",
        f"{listed([excerpt(name) for name in idle])} {'has' if len(idle) == 1 else 'have'} neither daily followers nor "
        "new followers in any file and no part in the import; add the file with the account's “Instagram follows”.",
    )
    return [each for each in fragments if each.creator.casefold() in grown]


def _join(fragments: Sequence[Fragment], creator: str, found: Findings) -> Account:
    # The order in which files are dropped must not matter, not even where two end on one day.
    metrics = sorted(
        (each for each in fragments if isinstance(each, Metrics)),
        key=lambda each: (
            each.rank,
            each.days[-1],
            each.source,
            [numbers.tolist() for numbers in each.values.values()],
        ),
    )
    lists = sorted((each for each in fragments if isinstance(each, Pieces)), key=lambda each: each.source)
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
            differs = known & ~np.isnan(before) & (before != numbers)
            if differs.any():
                others = {sources[place] for place in np.unique(origin[at][differs])}
                differing.setdefault(name, set()).update({each.source, *others})
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
    _fill_omitted(metrics, days, values, codes, places, sources, found)
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
    days: Days,
    values: dict[str, Floats],
    codes: dict[str, Codes],
    places: dict[str, Places],
    sources: tuple[str, ...],
    found: Findings,
) -> None:
    """Zeros for days that the platform left out in the middle of a series, where another series proves the export."""
    exports = [(name, each) for each in metrics for name in each.values if name in each.omits_zero_days]
    if not exports:
        return
    known = {name: np.zeros(len(values[name]), dtype=bool) for name, _ in exports}
    # Somebody's own table of followers proves nothing of what the platform exported.
    for name, each in exports:
        known[name][(each.days[~np.isnan(each.values[name])] - days[0]).astype(np.int64)] = True
    for name in known:
        others = np.zeros(len(values[name]), dtype=bool)
        for other, flags in known.items():
            if other != name:
                others |= flags
        filled = 0
        for _, each in (export for export in exports if export[0] == name):
            span = (each.days[~np.isnan(each.values[name])] - days[0]).astype(np.int64)
            inside = np.zeros(len(values[name]), dtype=bool)
            inside[span.min(initial=len(inside)) : span.max(initial=0)] = True
            zeros = inside & np.isnan(values[name]) & others
            values[name][zeros] = 0.0
            codes[name][zeros] = Provenance.OBSERVED
            places[name][zeros] = sources.index(each.source)
            filled += int(zeros.sum())
        if filled:
            found.add(
                "info",
                "omitted_zero_days",
                f"{name} leaves out {filled} day(s) on which the other metrics have numbers; small accounts' "
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
