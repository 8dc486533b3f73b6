"""What a client report holds: a workspace's answers, in the words and numbers of its pages."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.errors import StatisticsError
from cgn_core.figures.growth_history import GrowthWeek
from cgn_core.figures.returns import ReturnBar
from cgn_core.figures.wording import (
    NAMES,
    ONE,
    count,
    day_month_year,
    interval,
    level_interval,
    model_name,
    percent,
    plural,
    signed,
)
from cgn_core.reporting.document import Document, Drawing, Fact, Section, Table
from cgn_core.reporting.drawings import growth_drawing, returns_drawing
from cgn_core.services import competitors, data_history, decisions, forecasts, models, track_records, workspaces
from cgn_core.services.agencies import get_agency
from cgn_core.services.forecasts import History
from cgn_core.services.headlines import headline, headline_note
from cgn_core.services.models import ModelView
from cgn_core.services.workspaces import WorkspaceView

WEEKS_SHOWN = 52


def compose(session: Session, actor: Actor, workspace_id: UUID | str, *, today: date) -> Document:
    """A workspace's report as the actor would read its pages today.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    workspace = workspaces.get_workspace(session, actor, workspace_id)
    past = forecasts.history(session, actor, workspace_id)
    model = models.current_model(session, actor, workspace_id)
    newest = workspace.card.data_last_date
    agency = get_agency(session, actor)
    return Document(
        title=f"Growth of @{workspace.handle}",
        agency=agency.name,
        colour=agency.brand_colour,
        made=f"Made on {day_month_year(today)}" + (f", data to {day_month_year(newest)}." if newest else "."),
        answer=headline(model) if model else (),
        answer_note=headline_note(model, week=day_month_year(model.summary.forecast.week_start)) if model else "",
        facts=tuple(_facts(workspace, past)),
        warnings=tuple(_warnings(workspace, model)),
        sections=tuple(
            section
            for section in (
                _growth(session, actor, workspace, past),
                _effects(model),
                _returns(session, actor, workspace),
                _peers(session, actor, workspace),
            )
            if section is not None
        ),
        sources=tuple(_sources(session, actor, workspace, model)),
    )


def _facts(workspace: WorkspaceView, past: History) -> list[Fact]:
    known = [week for week in past.weeks if week.actual is not None]
    facts = [Fact("Followers", count(workspace.card.followers))] if workspace.card.followers is not None else []
    if known:
        last = known[-1]
        facts.append(Fact("Last complete week", signed(last.actual), f"week of {day_month_year(last.week_start)}"))
        recent = [week.actual or 0.0 for week in known[-4:]]
        facts.append(Fact("Mean of the last 4 weeks", signed(sum(recent) / len(recent)), "followers a week"))
    return facts


def _warnings(workspace: WorkspaceView, model: ModelView | None) -> list[str]:
    if model is None:
        return ["There is no model of this creator yet, so nothing is forecast and no effect is estimated."]
    found = []
    if not model.is_current_data:
        found.append(
            f"The data have changed since model {model.number} was trained: it knows version {model.data_version}, "
            f"the workspace holds version {workspace.data_version}."
        )
    if model.training.verdict == "no_better_than_naive":
        found.append(f"No model beats the naive forecast. {model.training.reason}")
    if workspace.provisional_days:
        days = plural(workspace.provisional_days, "day")
        found.append(f"The last {days} may still change at the source and count as provisional.")
    return found


def _growth(session: Session, actor: Actor, workspace: WorkspaceView, past: History) -> Section | None:
    weeks = [
        GrowthWeek(each.week_start, each.actual, each.median, each.low, each.high, viral=each.is_viral)
        for each in past.weeks[-WEEKS_SHOWN:]
    ]
    if not any(week.actual is not None for week in weeks):
        return None
    sentences = []
    judged = [week for week in past.weeks if week.inside is not None]
    if judged:
        held = sum(bool(week.inside) for week in judged)
        sentences.append(
            f"Of {plural(len(judged), 'week')} that were forecast from the weeks before them alone, {held} fell into "
            f"the {percent(past.level)} interval; the median forecast missed by {count(past.mae)} followers a week on "
            "average."
        )
    score = track_records.track_record(session, actor, workspace.id).score
    if score is not None:
        sentences.append(
            f"Of the forecasts that were shown before their week, {score.held} of {score.weeks} held; they missed by "
            f"{count(score.mae)} followers a week, the week before taken as forecast by {count(score.naive_mae)}."
        )
    words = f"Weekly growth of the last {plural(len(weeks), 'week')} and the interval forecast before each week"
    return Section("Growth, and what was forecast", tuple(sentences), Drawing(growth_drawing(weeks), words))


def _effects(model: ModelView | None) -> Section | None:
    effects = [each for each in model.training.fit.effects if each.name in ONE] if model else []
    if not effects:
        return None
    level = effects[0].level
    rows = tuple(
        (
            f"One {ONE[each.name]} more",
            signed(each.estimate, decimals=1),
            interval(each.low, each.high, decimals=1),
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


def _returns(session: Session, actor: Actor, workspace: WorkspaceView) -> Section | None:
    view = decisions.returns_view(session, actor, workspace.id)
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
            count(each.marginal.estimate, decimals=1),
            interval(each.marginal.low, each.marginal.high, decimals=1),
        )
        for each in view.returns
    )
    columns = ("", "One hour more", f"Interval, {percent(view.level)}")
    return Section("What an hour of work returns", tuple(sentences), tables=(Table("Followers", columns, rows),))


def _peers(session: Session, actor: Actor, workspace: WorkspaceView) -> Section | None:
    try:
        found = competitors.benchmark(session, actor, workspace.id)
    except StatisticsError as error:
        return Section("Among competitors", (error.message,))
    if found is None:
        return None
    rows = tuple(
        (name, percent(each.value, decimals=2), f"{percent(each.low, decimals=2)} to {percent(each.high, decimals=2)}")
        for name, each in ((f"@{workspace.handle}", found.own), *((peer.name, peer) for peer in found.peers))
    )
    caption = f"Growth a week relative to size, over {plural(found.weeks, 'shared week')}"
    columns = ("Account", "Growth a week", f"Interval, {percent(found.level)}")
    return Section("Among competitors", (found.sentence,), tables=(Table(caption, columns, rows),))


def _sources(session: Session, actor: Actor, workspace: WorkspaceView, model: ModelView | None) -> list[Fact]:
    versions = data_history.data_versions(session, actor, workspace.id)
    version = next(each for each in versions if each.is_current)
    sources = [
        Fact("Data", f"version {version.number}, {plural(version.rows, 'day')}, from {version.file_name}"),
        Fact("SHA-256 of the file", version.file_hash),
    ]
    if model is not None:
        sources += [
            Fact("Model", f"model {model.number}, {model_name(model.training.chosen).lower()}"),
            Fact("Trained", f"on {day_month_year(model.trained_at.date())}, on data version {model.data_version}"),
            Fact("Code", f"Creator Growth Navigator, version {model.code_version}"),
            Fact("Judged on", f"{plural(model.summary.origins, 'week')} that the model had not seen"),
        ]
    return sources
