"""An agency's name, time zone and colour; and a user's own name."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Schedule
from cgn_core.errors import Forbidden, InvalidInput
from cgn_core.services import agencies, profiles, schedules
from cgn_core.services.accounts import get_account


def edit(session: Session, actor: Actor, **values: str) -> None:
    agencies.edit_agency(
        session, actor, **{"name": "Northlight", "time_zone": "UTC", "brand_colour": "#4C5FD5", **values}
    )


def test_an_owner_changes_the_settings_and_everybody_sees_them(session: Session, owner: Actor, viewer: Actor) -> None:
    edit(session, owner, name="  North \n light ", time_zone="Europe/Berlin", brand_colour=" #1e7f52 ")
    view = agencies.get_agency(session, viewer)
    assert (view.name, view.time_zone, view.brand_colour) == ("North light", "Europe/Berlin", "#1E7F52")
    assert not view.may_edit
    assert agencies.get_agency(session, owner).may_edit


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " "}, "Enter the agency's name"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"brand_colour": "red"}, "no colour"),
        ({"brand_colour": "#12345"}, "no colour"),
        ({"brand_colour": "#FFE08A"}, "too light"),
        ({"brand_colour": "#FFFFFF"}, "too light"),
    ],
)
def test_what_cannot_be_used_is_a_sentence_and_changes_nothing(
    session: Session, owner: Actor, values: dict[str, str], words: str
) -> None:
    before = agencies.get_agency(session, owner)
    with pytest.raises(InvalidInput, match=words):
        edit(session, owner, **values)
    assert agencies.get_agency(session, owner) == before


def test_others_change_nothing(session: Session, strategist: Actor, viewer: Actor) -> None:
    for actor in (strategist, viewer):
        with pytest.raises(Forbidden):
            edit(session, actor)


def test_contrast_is_that_of_the_guidelines() -> None:
    # Published pairs: black is 21:1, #767676 the lightest grey that passes, #777777 the first that doesn't.
    assert agencies.contrast_on_white("#000000") == pytest.approx(21)
    assert agencies.contrast_on_white("#FFFFFF") == pytest.approx(1)
    assert agencies.contrast_on_white("#777777") < 4.5 < agencies.contrast_on_white("#767676")


def test_schedules_keep_their_local_hour_in_a_new_time_zone(session: Session, owner: Actor) -> None:
    made = schedules.add_schedule(session, owner, "score_nightly", hour=5)
    edit(session, owner, time_zone="Asia/Tokyo")
    due = session.get_one(Schedule, made).next_due_at
    assert due > datetime.now(UTC)
    assert due.astimezone(ZoneInfo("Asia/Tokyo")).hour == 5


def test_a_user_changes_their_own_name(session: Session, viewer: Actor) -> None:
    assert profiles.rename(session, viewer, "  Ana \u200b Ruiz\n") == "Ana Ruiz"
    assert get_account(session, viewer).name == "Ana Ruiz"
    with pytest.raises(InvalidInput):
        profiles.rename(session, viewer, "\n")
