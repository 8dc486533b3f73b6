"""What looks wrong in a stored daily table, by day, each with the repairs that would answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cgn_core.ingest.changes import changed_definitions, followers_slips, zero_tails
from cgn_core.ingest.findings import listed
from cgn_core.ingest.grid import Positions
from cgn_core.ingest.histories import disagreements, growth_spikes
from cgn_core.ingest.interpreted import Table
from cgn_core.ingest.repairs import MOST_REPAIRS, Repair, RepairKind
from cgn_core.tables import Daily

_NAMED_DAYS = 3
_ONE_DAY = timedelta(days=1)
_PAIR = ("follows", "unfollows")


@dataclass(frozen=True)
class RepairChoice:
    """One way to answer an oddity."""

    label: str
    repairs: tuple[Repair, ...]


@dataclass(frozen=True)
class Oddity:
    """Something to look at, and what can be done about it; leaving it is always one way."""

    code: str
    sentence: str
    days: tuple[date, ...]
    choices: tuple[RepairChoice, ...]
    """Empty where no repair of single days would mend it."""


def oddities(daily: Daily) -> tuple[Oddity, ...]:
    """Everything odd in a table, the same rules as at the import; what was repaired is odd no more."""
    table = Table(
        creators=("",),
        codes=np.zeros(len(daily.frame), dtype=np.int64),
        days=daily.frame["date"].to_numpy().astype("datetime64[D]"),
        values={name: daily.frame[name].to_numpy(dtype=np.float64) for name in daily.columns},
        competitor={},
        marked={},
        lines=np.arange(len(daily.frame), dtype=np.int64),
    )
    looks: tuple[Callable[[Table], Iterator[Oddity]], ...] = (
        _impossible_losses, _slips, _disagreements, _zero_tails, _definitions, _spikes,
    )  # fmt: skip
    return tuple(found for look in looks for found in look(table))


def _impossible_losses(table: Table) -> Iterator[Oddity]:
    followers, unfollows = (table.values.get(name) for name in ("followers", "unfollows"))
    if followers is None or unfollows is None:
        return
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(unfollows[1:] > followers[:-1]) + 1
    if len(at):
        sentence = f"More people left than there were followers on {_named(table, at)}: one of the two is wrong."
        yield _oddity("impossible_losses", sentence, table, at, ("unfollows",))


def _slips(table: Table) -> Iterator[Oddity]:
    at = followers_slips(table)
    if len(at):
        sentence = f"Followers jump for a single day and back on {_named(table, at)}."
        yield _oddity("followers_slip", sentence, table, at, ("followers",))


def _disagreements(table: Table) -> Iterator[Oddity]:
    if not all(name in table.values for name in ("followers", *_PAIR)):
        return
    off, change, flow = disagreements(table)
    at = np.flatnonzero(off)
    if not len(at):
        return
    worst = int(at[np.argmax(np.abs(change - flow)[at])])
    sentence = (
        f"The change of followers isn't follows less unfollows on {_named(table, at)}; furthest on "
        f"{table.days[worst]}, {change[worst]:+,.0f} against {flow[worst]:+,.0f}. Growth is taken from follows and "
        "unfollows."
    )
    if len(at) > len(off) / 2:
        # Two counts that never agree are two definitions; no choice of days mends that.
        yield Oddity("growth_disagrees", sentence, _days(table, at), ())
        return
    yield _oddity("growth_disagrees", sentence, table, at, ("followers",), _PAIR)


def _zero_tails(table: Table) -> Iterator[Oddity]:
    for name, at in zero_tails(table):
        sentence = f"{_label(name)} is 0 on {_named(table, at)}, the newest days, and hardly ever before."
        yield _oddity("zeros_at_the_end", sentence, table, at, (name,))


def _definitions(table: Table) -> Iterator[Oddity]:
    for name, _, row, factor in changed_definitions(table):
        sentence = (
            f"{_label(name)} stands at {factor:.1f} times its level from about {table.days[row]} on while the other "
            "metrics stay; the platform may count it anew since then."
        )
        before = np.arange(row)
        choices = (_missing(table, before, (name,), suffix=f" before {table.days[row]}"),)
        yield Oddity("changed_definition", sentence, _days(table, np.array([row])), choices)


def _spikes(table: Table) -> Iterator[Oddity]:
    spikes, growth = growth_spikes(table)
    at = np.flatnonzero(spikes)
    if not len(at):
        return
    most = int(at[np.argmax(growth[at])])
    sentence = (
        f"Growth is far above the usual on {_named(table, at)}, at most {growth[most]:+,.0f} on {table.days[most]}. "
        "Such days are modelled as viral; repair them only if they are slips."
    )
    gained = table.values.get("follows")
    if gained is None or not np.isfinite(gained[at]).any():
        yield _oddity("growth_spikes", sentence, table, at, ("followers",))
        return
    usual = gained[~spikes & np.isfinite(gained)]
    # Without its follows a day's growth is the change of followers, which would bring the same spike.
    names = [name for name in ("follows", "followers") if name in table.values]
    found = _oddity("growth_spikes", sentence, table, at, names)
    highest = float(usual.max()) if len(usual) else 0.0
    cap = RepairChoice(
        f"Cap follows at {highest:,.0f}, the most on any other day",
        _repairs(table, at, "cap", ("follows",), cap=highest),
    )
    yield Oddity(found.code, found.sentence, found.days, (found.choices[0], cap, *found.choices[1:]))


def _oddity(code: str, sentence: str, table: Table, at: Positions, *ways: Sequence[str]) -> Oddity:
    choices = [_missing(table, at, names) for names in ways]
    if len(at) < len(table.days):
        choices.append(
            RepairChoice(
                "Drop this day" if len(at) == 1 else "Drop these days", _repairs(table, at, "drop_days", ("",))
            )
        )
    # A table whose odd days are scattered beyond number is another file's matter.
    kept = tuple(choice for choice in choices if len(choice.repairs) <= MOST_REPAIRS)
    return Oddity(code, sentence, _days(table, at), kept)


def _missing(table: Table, at: Positions, names: Sequence[str], *, suffix: str = "") -> RepairChoice:
    label = f"Treat {listed([_label(name).lower() for name in names])} as missing{suffix}"
    return RepairChoice(label, _repairs(table, at, "missing", names))


def _repairs(
    table: Table, at: Positions, kind: RepairKind, names: Sequence[str], *, cap: float | None = None
) -> tuple[Repair, ...]:
    """One repair by column and span of days that follow each other."""
    days = _days(table, np.sort(at))
    starts = [place for place, day in enumerate(days) if place == 0 or day - days[place - 1] != _ONE_DAY]
    ends = [*(start - 1 for start in starts[1:]), len(days) - 1]
    return tuple(
        Repair(kind, days[start], days[end], name, cap)
        for name in names
        for start, end in zip(starts, ends, strict=True)
    )


def _days(table: Table, at: Positions) -> tuple[date, ...]:
    return tuple(table.days[at].tolist())


def _named(table: Table, at: Positions) -> str:
    days = [str(day) for day in table.days[np.sort(at)][:_NAMED_DAYS]]
    return listed(days, of=len(at)) + (" days" if len(at) > _NAMED_DAYS else "")


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
