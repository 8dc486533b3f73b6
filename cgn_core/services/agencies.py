"""An agency's own settings: its name, its time zone, and the colour of its reports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Schedule, now
from cgn_core.errors import InvalidInput
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.identities import clean_name
from cgn_core.services.schedules import next_due

LEAST_CONTRAST = 4.5
"""Of a heading in the agency's colour on white: what WCAG 2.2 (1.4.3, AA) asks of text."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class AgencyView:
    """The agency as its settings page shows it."""

    name: str
    time_zone: str
    brand_colour: str
    """#RRGGBB."""
    may_edit: bool


def get_agency(session: Session, actor: Actor) -> AgencyView:
    """The actor's agency."""
    agency = session.get_one(Agency, actor.agency_id)
    return AgencyView(agency.name, agency.time_zone, agency.brand_colour, may_edit=actor.may(Action.EDIT_AGENCY))


def edit_agency(session: Session, actor: Actor, *, name: str, time_zone: str, brand_colour: str) -> None:
    """Change the agency's settings. Schedules keep their local hours in a new time zone.

    Raises:
        Forbidden: the actor's role doesn't change them.
        InvalidInput: no name, no such zone, or a colour that is none or too light to be read.
    """
    actor.require(Action.EDIT_AGENCY)
    agency = session.scalars(select(Agency).where(Agency.id == actor.agency_id).with_for_update(key_share=True)).one()
    cleaned = clean_name(name, "agency")
    if time_zone not in available_timezones():
        raise InvalidInput(f"{time_zone!r} is no time zone; write one like Europe/Berlin.")
    colour = readable_colour(brand_colour)
    if agency.time_zone != time_zone:
        _move_schedules(session, agency, time_zone)
    record(session, actor, AuditAction.SETTINGS_CHANGED)
    agency.name, agency.time_zone, agency.brand_colour = cleaned, time_zone, colour


def readable_colour(written: str) -> str:
    """A colour for headings on white, as a person wrote it: #RRGGBB.

    Raises:
        InvalidInput: it is none, or too light to be read.
    """
    colour = written.strip().upper()
    if not _COLOUR.fullmatch(colour):
        raise InvalidInput(f"{written!r} is no colour; write one like #4C5FD5.")
    if contrast_on_white(colour) < LEAST_CONTRAST:
        raise InvalidInput(f"{colour} is too light to be read on white; choose a darker tone of it.")
    return colour


def contrast_on_white(colour: str) -> float:
    """The contrast of ``#RRGGBB`` on white, 1 to 21.

    Source: WCAG 2.2, definitions of relative luminance and contrast ratio.
    """
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]  # noqa: PLR2004 - sRGB's own constants
    luminance = sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 1.05 / (luminance + 0.05)


def _move_schedules(session: Session, agency: Agency, time_zone: str) -> None:
    time = now()
    for schedule in session.scalars(select(Schedule).where(Schedule.agency_id == agency.id)):
        if schedule.next_due_at > time:  # one that is due already still acts
            schedule.next_due_at = next_due(schedule, time_zone, after=time)
