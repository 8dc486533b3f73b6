"""What weekday and time of year bring in a workspace."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.services.data_versions import content_of, current_version, table_of
from cgn_core.services.remembered import Remembered
from cgn_core.stats.seasonality import Seasonality, seasonality
from cgn_core.tables import Daily

LEVEL = 0.9
_seasons = Remembered["Seasonality | str"](256)
"""By table: a fit to every day of one takes a tenth of a second."""


def seasonality_view(session: Session, actor: Actor, workspace_id: UUID | str) -> Seasonality | str:
    """The calendar's part of the current data; a sentence where they don't tell.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace)
    if version is None:
        return "There are no data yet."
    return _seasons.of(content_of(version), lambda: _seasonality(table_of(version)))


def _seasonality(daily: Daily) -> Seasonality | str:
    try:
        return seasonality(daily, level=LEVEL)
    except (TooFewObservations, ConstantSeries) as error:
        return error.message
