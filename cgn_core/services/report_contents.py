"""What a client report holds: a workspace's answers, of today or as they stood for a data version and a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Workspace, now
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import NotFound, StatisticsError
from cgn_core.figures.wording import day_month_year, model_name, plural
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.reporting import contents
from cgn_core.reporting.contents import Findings, Returns, ShownForecasts
from cgn_core.reporting.document import Document, Fact, Section, section_from_json, section_to_json
from cgn_core.services import competitors, decisions, forecasts, track_records
from cgn_core.services.agencies import get_agency
from cgn_core.services.data_versions import overview_of_version, version_of_number
from cgn_core.services.models import ModelView, current_model, model_of_number
from cgn_core.services.workspace_cards import today_in
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats.benchmarks import Benchmark


@dataclass(frozen=True)
class Basis:
    """All that a report's numbers depend on: the same basis gives the same numbers."""

    data_version: int
    model_number: int | None
    today: date
    until: datetime
    """Forecasts that were shown or scored later aren't in it."""
    minutes: dict[str, float]
    """Of work per piece, as they were set."""
    peers: Section | None = field(default=None)
    """What was said of competitors: their numbers have no versions, so a rebuild repeats it."""

    def to_json(self) -> dict[str, Any]:
        """As kept beside the report; the versions have columns of their own."""
        return {
            "today": self.today.isoformat(),
            "until": self.until.isoformat(),
            "minutes": self.minutes,
            "peers": section_to_json(self.peers) if self.peers else None,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any], *, data_version: int, model_number: int | None) -> Basis:
        """The inverse of ``to_json``."""
        return cls(
            data_version=data_version,
            model_number=model_number,
            today=date.fromisoformat(stored["today"]),
            until=datetime.fromisoformat(stored["until"]),
            minutes={name: float(value) for name, value in stored["minutes"].items()},
            peers=section_from_json(stored["peers"]) if stored["peers"] else None,
        )


def present_basis(session: Session, actor: Actor, workspace_id: UUID | str) -> Basis:
    """What a report of this moment depends on.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    return Basis(
        data_version=workspace.data_version,
        model_number=model.number if model else None,
        today=today_in(workspace.time_zone),
        until=now(),
        minutes=minutes_of(workspace),
        peers=contents.peers_section(workspace.handle, _peers(session, actor, workspace)),
    )


def compose(session: Session, actor: Actor, workspace_id: UUID | str, basis: Basis) -> Document:
    """A workspace's report on a basis, under the agency's present name and colour.

    Raises:
        NotFound: no such workspace, not the actor's, or a version that isn't kept any more.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = version_of_number(session, workspace, basis.data_version)
    model = None
    if basis.model_number is not None:
        number, data_version = basis.model_number, basis.data_version
        model = model_of_number(session, actor, workspace.id, number, data_version=data_version)
    weekly = daily_from_bytes(version.table).weekly()
    shown = track_records.track_record(session, actor, workspace.id, until=basis.until)
    overview = overview_of_version(version)
    agency = get_agency(session, actor)
    score = shown.score
    view = decisions.returns_of(model, weekly, minutes=basis.minutes) if model else None
    return contents.compose(
        Findings(
            handle=workspace.handle,
            agency=agency.name,
            colour=agency.brand_colour,
            today=basis.today,
            last_date=version.last_date,
            followers=overview.followers,
            provisional_days=overview.provisional_days,
            past=forecasts.history_of(weekly, model, shown.forecasts),
            training=model.training if model else None,
            forecast=model.summary.forecast if model else None,
            forecast_week=model.summary.forecast.week_start if model else "",
            returns=Returns(view.minutes, view.returns, view.overall, view.level) if view else None,
            shown=ShownForecasts(score.weeks, score.held, score.mae, score.naive_mae) if score else None,
            peers=basis.peers,
            warnings=_warnings(model, basis),
            sources=tuple(_sources(version, model)),
            versions=_versions(basis),
        )
    )


def _peers(session: Session, actor: Actor, workspace: Workspace) -> Benchmark | str | None:
    try:
        return competitors.benchmark(session, actor, workspace.id)
    except NotFound:
        return None
    except StatisticsError as error:
        return error.message


def _warnings(model: ModelView | None, basis: Basis) -> tuple[str, ...]:
    if model is None or model.is_current_data:
        return ()
    changed = (
        f"The data have changed since model {model.number} was trained: it knows version {model.data_version}, "
        f"the workspace holds version {basis.data_version}."
    )
    return (changed,)


def _versions(basis: Basis) -> str:
    model = "no model" if basis.model_number is None else f"model version {basis.model_number}"
    return f"Data version {basis.data_version}, {model}"


def _sources(version: DataVersion, model: ModelView | None) -> list[Fact]:
    sources = [
        Fact("Data", f"version {version.number}, {plural(version.rows, 'day')}, from {version.file_name}"),
        Fact("SHA-256 of the file", version.file_hash),
        Fact("SHA-256 of the daily table", version.data_hash),
    ]
    if model is not None:
        sources += [
            Fact("Model", f"model {model.number}, {model_name(model.training.chosen).lower()}"),
            Fact("Trained", f"on {day_month_year(model.trained_at.date())}, on data version {model.data_version}"),
            Fact("Code", f"Creator Growth Navigator, version {model.code_version}"),
            Fact("Judged on", f"{plural(model.summary.origins, 'week')} that the model had not seen"),
        ]
    return sources
