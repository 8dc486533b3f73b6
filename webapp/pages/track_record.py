"""The track record on Growth History and Model Health: forecasts as they were shown, never as they are made anew."""

from __future__ import annotations

from collections.abc import Mapping

from dash.development.base_component import Component

from cgn_core.services.track_records import SHARE_LEVEL, Score, TrackRecord
from webapp.components.alerts import Tone, alert
from webapp.components.cards import card, metric_card, metric_row
from webapp.components.explain import Source, trail, what
from webapp.components.markup import html
from webapp.components.numbers import count, interval, percent, plural, short_day, signed
from webapp.components.tables import Column, data_table

TITLE = "Track record"
ASIDE = "\N{MIDDLE DOT} forecasts as they were shown before their week"
SHOWN_FORECASTS = 12


def track_record_card(record: TrackRecord, *more: Component, source: Source | None = None) -> Component:
    """How the forecasts that were shown did, or when the first is scored; ``source`` leads to their formulas."""
    broken = alert("A kept forecast isn't what was written; ask who runs the database.", tone="down")
    said = metric_row(*_metrics(record.score, source)) if record.score is not None else html.P(_waiting(record))
    marks = [what("median"), trail(source, "expected", of="Forecasts as shown")] if source is not None else []
    return card(said, *([] if record.is_untouched else [broken]), *more, title=TITLE, aside=ASIDE, marks=marks)


def track_record_cards(record: TrackRecord, source: Source | None = None) -> list[Component]:
    """The same with every forecast below."""
    shown = [track_record_card(record, *([_table(record)] if record.forecasts else []), source=source)]
    return [*shown, _scenarios(record)] if record.scenarios else shown


def _waiting(record: TrackRecord) -> str:
    if record.next_week_ends is None:
        return "No forecast has been shown yet: each model that comes into force leaves that of its next week here."
    due = short_day(record.next_week_ends)
    return f"No forecast has been scored yet: the first is scored after {due}, once all days of its week are imported."


def _metrics(score: Score, source: Source | None) -> list[Component]:
    def marks(term: str, formula: str, of: str) -> list[Component]:
        return [what(term), *([trail(source, formula, of=of)] if source is not None else [])]

    held = (
        f"{score.held} of {plural(score.weeks, 'week')}; promised {percent(score.promised)}. Interval, "
        f"{percent(SHARE_LEVEL)}: {percent(score.coverage_low)} to {percent(score.coverage_high)}"
    )
    missed = score.coverage_high < score.promised
    words, tone = _against_naive(score)
    return [
        metric_card("Intervals held", percent(score.coverage), held, note_tone="caution" if missed else None,
                    marks=marks("coverage", "coverage", "Intervals held")),
        metric_card("Off by, on average", count(score.mae), "followers a week, median forecast",
                    marks=marks("error", "error", "Off by, on average")),
        metric_card("Naive forecast off by", count(score.naive_mae), words, note_tone=tone,
                    marks=marks("naive", "naive", "Naive forecast")),
    ]  # fmt: skip


def _against_naive(score: Score) -> tuple[str, Tone | None]:
    naive = "followers a week: the week before, as forecast"
    if score.beats_naive is None:
        return f"{naive}; too few weeks to tell which is better", None
    if score.beats_naive:
        return f"{naive}; ours is better beyond chance", "up"
    if score.mae < score.naive_mae:
        return f"{naive}; a lead of ours that chance could give", None
    return f"{naive}; ours is no better", "caution"


def _table(record: TrackRecord) -> Component:
    rows = [
        {
            "week": short_day(each.week_start),
            "made": f"{short_day(each.made_at)}, model {each.model_number}",
            "forecast": signed(each.median),
            "interval": interval(each.low, each.high),
            "actual": signed(each.actual) if each.actual is not None else "not complete",
            "held": {None: "", True: "yes", False: "no"}[each.held],
            "posted": signed(each.median_as_posted),
        }
        for each in record.forecasts[:SHOWN_FORECASTS]
    ]
    shown = [
        Column("week", "Week of", primary=True),
        Column("made", "Shown since"),
        Column("forecast", "Forecast", numeric=True),
        Column("interval", f"Interval, {percent(record.forecasts[0].level)}", numeric=True),
        Column("actual", "Gained", numeric=True),
        Column("held", "Held"),
        Column("posted", "Forecast for what was posted", numeric=True),
    ]
    return html.Div(data_table(shown, rows, caption="Forecasts shown before their week"), className="above-space")


def _scenarios(record: TrackRecord) -> Component:
    rows = [
        {
            "plan": html.Span(_plan(each.plan), className="words"),
            "week": html.Span(short_day(each.week_start), className="nowrap"),
            "forecast": signed(each.median),
            "interval": interval(each.low, each.high),
            "posted": html.Span(_plan(each.posted) if each.posted is not None else "", className="words"),
            "actual": signed(each.actual) if each.actual is not None else "not complete",
        }
        for each in record.scenarios[:SHOWN_FORECASTS]
    ]
    shown = [
        Column("plan", "Plan", primary=True),
        Column("week", "Week of"),
        Column("forecast", "Forecast", numeric=True),
        Column("interval", f"Interval, {percent(record.scenarios[0].level)}", numeric=True),
        Column("posted", "Posted then"),
        Column("actual", "Gained", numeric=True),
    ]
    more = len(record.scenarios) - SHOWN_FORECASTS
    words = f"{plural(more, 'earlier plan')} not shown here. " if more > 0 else ""
    return card(
        data_table(shown, rows, caption="Plans tried on the Predictor"),
        html.P(
            f"{words}They don't count in the track record: what was posted is rarely the plan.",
            className="muted above-space",
        ),
        title="Plans tried on the Predictor",
        aside="\N{MIDDLE DOT} kept as they were answered",
    )


def _plan(counts: Mapping[str, float]) -> str:
    named = [f"{count(number, decimals=0 if number == round(number) else 1)} {name}" for name, number in counts.items()]
    return ", ".join(named)
