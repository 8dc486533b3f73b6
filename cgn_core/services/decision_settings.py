"""What Decision Support works with in a workspace: prices, minutes, hours, bounds and caution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.workspaces import checked_minutes, minutes_of, set_minutes
from cgn_core.stats.ahead import MOST_WEEKS
from cgn_core.stats.planner import HOURS_A_WEEK
from cgn_core.tables import CONTENT_TYPES

RISKS = {"careful": 0.1, "middle": 0.25, "bold": 0.5}
"""The quantile of the horizon's growth that a plan makes as high as it can; bold is the expected growth."""
USUAL_CAUTION = "bold"
Bound = tuple[int | None, int | None]
LONGEST_CURRENCY = 4
MOST_MONEY = 1e6
MOST_PIECES = 500


@dataclass(frozen=True)
class DecisionSettings:
    """Of one workspace; what nobody has set yet is None, and its page says what to enter."""

    minutes: dict[str, float]
    """Of work per piece and content type."""
    value_of_follower: float | None = None
    cost_of_hour: float | None = None
    currency: str = "\N{EURO SIGN}"
    hours: float | None = None
    """At most, a week; None plans with the hours of the last four weeks."""
    weeks: int = 1
    caution: str = USUAL_CAUTION
    """careful | middle | bold"""
    bounds: dict[str, Bound] = field(default_factory=dict)
    """Fewest and most pieces a week, by content type; None, as for the others: none, and the largest week seen."""
    least_per_hour: float | None = None
    """Followers that another hour should bring; below it a cadence counts as enough."""

    @property
    def risk(self) -> float:
        """The planner's quantile."""
        return RISKS[self.caution]


def decision_settings(session: Session, actor: Actor, workspace_id: UUID | str) -> DecisionSettings:
    """What Decision Support works with.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    return settings_of(one_or_not_found(session, readable_workspaces(actor), workspace_id))


def with_changes(settings: DecisionSettings, given: Mapping[str, Any]) -> DecisionSettings:
    """The settings with what a person entered, checked; keys left out stay.

    Raises:
        InvalidInput: a number that can't be, an unknown content type or caution; the sentence says which.
    """
    stored = {**_stored(settings), **{name: value for name, value in given.items() if name != "minutes"}}
    return DecisionSettings(
        minutes=settings.minutes | checked_minutes(given.get("minutes") or {}),
        value_of_follower=_money("A follower's value", stored["value_of_follower"]),
        cost_of_hour=_money("An hour's cost", stored["cost_of_hour"]),
        currency=_currency(stored["currency"]),
        hours=_number("Hours a week", stored["hours"], low=0.0, high=HOURS_A_WEEK),
        weeks=_whole("Weeks to plan", stored["weeks"], low=1, high=MOST_WEEKS),
        caution=_caution(stored["caution"]),
        bounds=_bounds(stored["bounds"]),
        least_per_hour=_number("Followers that an hour should bring", stored["least_per_hour"], low=0.0, high=1e9),
    )


def save_decision_settings(session: Session, actor: Actor, workspace_id: UUID | str, given: Mapping[str, Any]) -> None:
    """Keep settings for the team; keys left out stay, ``minutes`` are the workspace's own.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        InvalidInput: as :func:`with_changes` and :func:`cgn_core.services.workspaces.set_minutes`.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    if given.get("minutes"):
        set_minutes(session, actor, workspace.id, given["minutes"])
    workspace.decision_settings = _stored(with_changes(settings_of(workspace), given))
    record(session, actor, AuditAction.WORKSPACE_CHANGED, workspace_id=workspace.id, decision_settings=True)


def settings_of(workspace: Workspace) -> DecisionSettings:
    """The stored settings of a workspace that the caller may see."""
    stored = dict(workspace.decision_settings)
    bounds = {name: (low, high) for name, (low, high) in stored.pop("bounds", {}).items()}
    return DecisionSettings(minutes=minutes_of(workspace), bounds=bounds, **stored)


def _stored(settings: DecisionSettings) -> dict[str, Any]:
    return {
        "value_of_follower": settings.value_of_follower,
        "cost_of_hour": settings.cost_of_hour,
        "currency": settings.currency,
        "hours": settings.hours,
        "weeks": settings.weeks,
        "caution": settings.caution,
        "bounds": {name: list(pair) for name, pair in settings.bounds.items()},
        "least_per_hour": settings.least_per_hour,
    }


def _number(what: str, value: Any, *, low: float, high: float) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not low <= value <= high:
        raise InvalidInput(f"{what} must be a number from {low:g} to {high:,.0f}.")
    return float(value)


def _money(what: str, value: Any) -> float | None:
    return _number(what, value, low=0.0, high=MOST_MONEY)


def _whole(what: str, value: Any, *, low: int, high: int) -> int:
    number = _number(what, value, low=low, high=high)
    if number is None or number != int(number):
        raise InvalidInput(f"{what} must be a whole number from {low} to {high}.")
    return int(number)


def _currency(value: Any) -> str:
    cleaned = value.strip() if isinstance(value, str) else ""
    if len(cleaned) > LONGEST_CURRENCY or not cleaned.isprintable() or any(each.isdigit() for each in cleaned):
        raise InvalidInput(f"A currency is a sign or a code of at most {LONGEST_CURRENCY} letters, such as EUR.")
    return cleaned


def _caution(value: Any) -> str:
    if not isinstance(value, str) or value not in RISKS:
        raise InvalidInput(f"A plan is {', '.join(list(RISKS)[:-1])} or {list(RISKS)[-1]}.")
    return value


def _bounds(value: Any) -> dict[str, Bound]:
    found: dict[str, Bound] = {}
    for name, pair in dict(value or {}).items():
        if name not in CONTENT_TYPES:
            raise InvalidInput(f"{name!r} is no content type; there are {', '.join(CONTENT_TYPES)}.")
        low, high = (
            None if each is None or each == "" else _whole(f"Each bound for {name}", each, low=0, high=MOST_PIECES)
            for each in pair
        )
        if low is not None and high is not None and low > high:
            raise InvalidInput(f"At least {low} {name} and at most {high} can't both be.")
        if low is not None or high is not None:
            found[name] = (low, high)
    return found
