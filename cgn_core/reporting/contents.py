"""What a client report holds, in the words and numbers of the pages, from results alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from cgn_core.figures.growth_history import GrowthWeek
from cgn_core.figures.headlines import NextWeek, headline, headline_note
from cgn_core.figures.locales import retold
from cgn_core.figures.returns import ReturnBar
from cgn_core.figures.tokens import LIGHT
from cgn_core.figures.wording import (
    NAMES,
    ONE,
    count,
    day_month_year,
    interval,
    level_interval,
    percent,
    plural,
    signed,
)
from cgn_core.reporting.document import Amount, Document, Drawing, Entry, Fact, Section, Span, Table
from cgn_core.reporting.drawings import growth_drawing, returns_drawing
from cgn_core.stats.benchmarks import Benchmark
from cgn_core.stats.past_weeks import LEDGER, History, PastWeek
from cgn_core.stats.returns import ContentReturn, OverallReturn
from cgn_core.stats.training import Training

WEEKS_SHOWN = 52
RECENT = 4
WEEKS_CAPTION = (
    "Followers a week. Shown: what people saw before that week. Tested: made anew from the weeks before it alone."
)


@dataclass(frozen=True)
class Returns:
    """What an hour returns, at these minutes a piece."""

    minutes: dict[str, float]
    returns: tuple[ContentReturn, ...]
    overall: OverallReturn | None
    level: float


@dataclass(frozen=True)
class ShownForecasts:
    """How the forecasts did that people saw before their week; errors are mean absolute ones."""

    weeks: int
    held: int
    mae: float
    naive_mae: float


@dataclass(frozen=True)
class Coming:
    """Next week, posting as in the last four weeks; followers."""

    expected: float
    median: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Findings:
    """Everything that a report is made of."""

    handle: str
    agency: str
    today: date
    last_date: date | None
    """Of the data."""
    followers: float | None
    provisional_days: int
    past: History
    training: Training | None
    forecast: NextWeek | None
    """Of next week; None where there is no training."""
    forecast_week: str
    """Its ISO Monday."""
    returns: Returns | None
    shown: ShownForecasts | None
    peers: Section | None
    """Of :func:`peers_section`."""
    warnings: tuple[str, ...]
    """What else is to be known before reading."""
    sources: tuple[Fact, ...]
    versions: str
    colour: str = LIGHT["accent"]


def compose(found: Findings) -> Document:
    """The report of what was found."""
    known = found.training is not None and found.forecast is not None
    sections = (_growth(found), _effects(found.training), _returns(found.returns), _retold(found.peers))
    made = f"Made on {day_month_year(found.today)}"
    return Document(
        title=f"Growth of @{found.handle}",
        agency=found.agency,
        colour=found.colour,
        made=made + (f", data to {day_month_year(found.last_date)}." if found.last_date else "."),
        answer=headline(found.training, found.forecast) if found.training and found.forecast else (),
        answer_note=headline_note(found.forecast, week=day_month_year(found.forecast_week)) if found.forecast else "",
        facts=tuple(_facts(found)),
        warnings=tuple(_warnings(found, known=known)),
        sections=tuple(section for section in sections if section is not None),
        sources=found.sources,
        versions=found.versions,
        made_on=found.today,
    )


def _facts(found: Findings) -> list[Fact]:
    known = [week for week in found.past.weeks if week.actual is not None]
    facts = [Fact("Followers", Amount(count(found.followers), found.followers))] if found.followers is not None else []
    if known:
        last = known[-1]
        note = f"week of {day_month_year(last.week_start)}"
        facts.append(Fact("Last complete week", Amount(signed(last.actual), last.actual), note))
        recent = [week.actual or 0.0 for week in known[-RECENT:]]
        mean = sum(recent) / len(recent)
        name = f"Mean of the last {plural(len(recent), 'week')}"
        facts.append(Fact(name, Amount(signed(mean), mean), "followers a week"))
    if found.forecast is not None:
        coming = found.forecast
        span = Span(level_interval(coming.level, coming.low, coming.high), coming.low, coming.high)
        facts.append(Fact("Expected next week", Amount(signed(coming.expected), coming.expected), span))
    return facts


def _warnings(found: Findings, *, known: bool) -> list[str]:
    if not known or found.training is None:
        nothing = "There is no model of this creator yet, so nothing is forecast and no effect is estimated."
        return [nothing, *map(retold, found.warnings)]
    said = [*map(retold, found.warnings)]
    if found.training.verdict == "no_better_than_naive":
        said.append(f"No model beats the naive forecast. {retold(found.training.reason)}")
    if found.provisional_days:
        days = plural(found.provisional_days, "day")
        said.append(f"The last {days} may still change at the source and count as provisional.")
    return said


def _growth(found: Findings) -> Section | None:
    past = found.past.weeks[-WEEKS_SHOWN:]
    weeks = [
        GrowthWeek(each.week_start, each.actual, each.median, each.low, each.high, viral=each.is_viral) for each in past
    ]
    if not any(week.actual is not None for week in weeks):
        return None
    sentences = []
    judged = [week for week in found.past.weeks if week.inside is not None]
    if judged:
        held = sum(bool(week.inside) for week in judged)
        sentences.append(
            f"Of {plural(len(judged), 'week')} that were forecast from the weeks before them alone, {held} fell into "
            f"the {percent(found.past.level)} interval; the median forecast missed by {count(found.past.mae)} "
            "followers a week on average."
        )
    if found.shown is not None:
        sentences.append(
            f"Of the forecasts that were shown before their week, {found.shown.held} of {found.shown.weeks} held; "
            f"they missed by {count(found.shown.mae)} followers a week, the week before taken as forecast by "
            f"{count(found.shown.naive_mae)}."
        )
    words = f"Weekly growth of the last {plural(len(weeks), 'week')} and the interval forecast before each week"
    drawing = Drawing(growth_drawing(weeks), words, _weeks_table(past))
    return Section("Growth, and what was forecast", tuple(sentences), drawing)


def _weeks_table(weeks: tuple[PastWeek, ...]) -> Table:
    rows = tuple(
        (
            day_month_year(each.week_start),
            Amount(signed(each.actual), each.actual),
            Amount(signed(each.median), each.median),
            Span(interval(each.low, each.high), each.low, each.high) if each.low is not None else "",
            _made_by(each),
        )
        for each in weeks
    )
    return Table(WEEKS_CAPTION, ("Week of", "Growth", "Forecast before", "Interval", "Forecast by"), rows)


def _made_by(week: PastWeek) -> str:
    if week.median is None:
        return ""
    model = "" if week.forecast_by is None else f"model {week.forecast_by}, "
    return f"{model}{'shown' if week.source == LEDGER else 'tested'}"


def _effects(training: Training | None) -> Section | None:
    effects = [each for each in training.fit.effects if each.name in ONE] if training else []
    if not effects:
        return None
    level = effects[0].level
    rows = tuple(
        (
            f"One {ONE[each.name]} more",
            Amount(signed(each.estimate, decimals=1), each.estimate),
            Span(interval(each.low, each.high, decimals=1), each.low, each.high),
            "not distinguishable from nothing" if each.low <= 0 <= each.high else "clear",
        )
        for each in effects
    )
    bars = [ReturnBar(each.name, each.estimate, each.low, each.high) for each in effects]
    return Section(
        "What one more piece brings",
        drawing=Drawing(
            returns_drawing(bars, unit=f"followers, all days together; line: {percent(level)} interval"),
            "Followers that one more piece brings, by content type, with intervals",
        ),
        tables=(
            Table("Followers, all days together", ("", "Followers", f"Interval, {percent(level)}", "Evidence"), rows),
        ),
    )


def _returns(view: Returns | None) -> Section | None:
    if view is None or not view.returns:
        return None
    sentences = []
    if view.overall is not None:
        hourly = view.overall.follows_per_hour
        sentences.append(
            f"All growth of the last {plural(view.overall.weeks, 'week')} over all hours of work: "
            f"{count(hourly.estimate, decimals=1)} followers an hour "
            f"({level_interval(hourly.level, hourly.low, hourly.high, decimals=1)}), whatever brought it."
        )
    minutes = ", ".join(f"{ONE[name]} {count(each)} min" for name, each in view.minutes.items())
    sentences.append(f"One hour more is counted with: {minutes}.")
    rows = tuple(
        (
            NAMES[each.content_type],
            Amount(count(each.marginal.estimate, decimals=1), each.marginal.estimate),
            Span(interval(each.marginal.low, each.marginal.high, decimals=1), each.marginal.low, each.marginal.high),
        )
        for each in view.returns
    )
    columns = ("", "One hour more", f"Interval, {percent(view.level)}")
    return Section("What an hour of work returns", tuple(sentences), tables=(Table("Followers", columns, rows),))


def _retold(section: Section | None) -> Section | None:
    """A section that is kept in the house's way, in the one that holds here; names stay as they are."""
    if section is None:
        return None
    tables = tuple(
        replace(
            table,
            caption=retold(table.caption),
            columns=tuple(map(retold, table.columns)),
            rows=tuple(tuple(_retold_cell(cell) for cell in row) for row in table.rows),
        )
        for table in section.tables
    )
    return replace(section, sentences=tuple(map(retold, section.sentences)), tables=tables)


def _retold_cell(cell: Entry) -> Entry:
    return cell if isinstance(cell, str) else replace(cell, words=retold(cell.words))


def peers_section(handle: str, peers: Benchmark | str | None) -> Section | None:
    """What is said of competitors; ``peers`` is a sentence where they can't be compared, None where there are none."""
    if peers is None:
        return None
    if isinstance(peers, str):
        return Section("Among competitors", (peers,))
    rows = tuple(
        (
            name,
            Amount(percent(each.value, decimals=2), each.value),
            Span(f"{percent(each.low, decimals=2)} to {percent(each.high, decimals=2)}", each.low, each.high),
        )
        for name, each in ((f"@{handle}", peers.own), *((peer.name, peer) for peer in peers.peers))
    )
    caption = f"Growth a week relative to size, over {plural(peers.weeks, 'shared week')}"
    columns = ("Account", "Growth a week", f"Interval, {percent(peers.level)}")
    return Section("Among competitors", (peers.sentence,), tables=(Table(caption, columns, rows),))
