"""What weekday and time of year bring in a workspace."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.services.data_versions import current_version
from cgn_core.stats.seasonality import Seasonality, seasonality

LEVEL = 0.9
REMEMBERED = 32
"""Tables whose seasons are kept at hand: a fit to every day of them takes a tenth of a second."""


def seasonality_view(session: Session, actor: Actor, workspace_id: UUID | str) -> Seasonality | str:
    """The calendar's part of the current data; a sentence where they don't tell.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace, with_table=True)
    return "There are no data yet." if version is None else _seasonality(version.table)


@lru_cache(maxsize=REMEMBERED)
def _seasonality(table: bytes) -> Seasonality | str:
    try:
        return seasonality(daily_from_bytes(table), level=LEVEL)
    except (TooFewObservations, ConstantSeries) as error:
        return error.message
