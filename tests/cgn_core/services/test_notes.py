from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import notes
from cgn_core.services.notes import edit_note, list_notes, pin_note, remove_note, restore_note

pytestmark = pytest.mark.usefixtures("sent_jobs")


def test_a_note_is_pinned_to_its_week_changed_removed_and_brought_back(
    session: Session, strategist: Actor, viewer: Actor, trained: Workspace
) -> None:
    made = pin_note(session, strategist, trained.id, day="2025-03-06", text=" Giveaway with\n@friend ")
    pin_note(session, strategist, trained.id, day="2025-04-07", text="A new camera")
    newest, first = list_notes(session, viewer, trained.id)
    assert (newest.week_start, newest.text) == (date(2025, 4, 7), "A new camera")
    assert (first.week_start, first.text) == (date(2025, 3, 3), "Giveaway with @friend")
    assert first.made_by == strategist.name
    edit_note(session, strategist, made, "A giveaway")
    assert list_notes(session, viewer, trained.id)[1].text == "A giveaway"
    remove_note(session, strategist, made)
    assert [each.text for each in list_notes(session, viewer, trained.id)] == ["A new camera"]
    with pytest.raises(NotFound):
        edit_note(session, strategist, made, "gone")
    restore_note(session, strategist, made)
    assert list_notes(session, viewer, trained.id)[1].text == "A giveaway"


def test_what_is_no_note_is_refused_in_a_sentence(
    session: Session, strategist: Actor, trained: Workspace, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trained.id == workspace.id
    for day, text, words in (
        ("2025-03-06", "", "between 1 and 500"),
        ("2025-03-06", "n" * 501, "between 1 and 500"),
        ("6 March", "x", "year-month-day"),
        ("1999-01-01", "x", "is none of them"),
        ("2999-01-01", "x", "is none of them"),
    ):
        with pytest.raises(InvalidInput, match=words):
            pin_note(session, strategist, trained.id, day=day, text=text)
    monkeypatch.setattr(notes, "MOST_NOTES", 1)
    pin_note(session, strategist, trained.id, day="2025-03-06", text="one")
    with pytest.raises(InvalidInput, match="remove some"):
        pin_note(session, strategist, trained.id, day="2025-03-06", text="two")
