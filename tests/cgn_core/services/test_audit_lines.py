"""The audit log as its readers see it: sentences, filters, pages, and a table that no spreadsheet runs."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, AuditLine, User, Workspace
from cgn_core.db.session import transaction
from cgn_core.errors import Forbidden, InvalidInput
from cgn_core.figures.locales import in_use, written_as
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.audit_lines import AuditFilter, audit_choices, audit_csv, list_audit, read_filter
from cgn_core.services.audit_words import GROUPS, Names, sentence_of


@pytest.fixture
def written(owner: Actor, strategist: Actor, workspace: Workspace, outsider: Actor) -> Workspace:
    with transaction() as session:
        record(session, owner, AuditAction.SIGNED_IN)
        record(session, strategist, AuditAction.IMPORTED, workspace_id=workspace.id, rows=217, data_version=3)
        failed = (SubjectKind.USER, strategist.user_id)
        record(session, System(owner.agency_id), AuditAction.SIGN_IN_FAILED, subject=failed)
        record(session, outsider, AuditAction.SIGNED_IN)
    return workspace


def said(session: Session, actor: Actor, **wanted: Any) -> list[str]:
    return [line.sentence for line in list_audit(session, actor, AuditFilter(**wanted)).lines]


def test_lines_are_sentences_with_todays_names_newest_first_and_of_the_own_agency(
    session: Session, owner: Actor, written: Workspace
) -> None:
    del written
    page = list_audit(session, owner, AuditFilter())
    assert [(line.number, line.who, line.sentence) for line in page.lines] == [
        (3, "The portal", "A sign-in as Northlight strategist failed."),
        (2, "Northlight strategist", "Imported a file into @lena.moves, 217 rows, version 3 of the data."),
        (1, "Northlight owner", "Signed in."),
    ]


def test_each_filter_leaves_its_own_lines(
    session: Session, owner: Actor, strategist: Actor, written: Workspace
) -> None:
    imported = ["Imported a file into @lena.moves, 217 rows, version 3 of the data."]
    today = datetime.now(UTC).date()
    assert said(session, owner, who=strategist.user_id) == imported
    assert said(session, owner, workspace_id=written.id) == imported
    assert said(session, owner, actions=(AuditAction.IMPORTED,)) == imported
    assert said(session, owner, by_system=True) == ["A sign-in as Northlight strategist failed."]
    assert len(said(session, owner, actions=GROUPS["Sign-ins"])) == 2
    assert len(said(session, owner, first_day=today, last_day=today)) == 3
    assert said(session, owner, last_day=today - timedelta(days=1)) == []
    assert said(session, owner, first_day=today + timedelta(days=1)) == []


def test_days_are_the_agencys_own(session: Session, agency: Agency, owner: Actor, written: Workspace) -> None:
    """In Auckland it is the next day already for half of each day."""
    del written
    session.get_one(Agency, agency.id).time_zone = "Pacific/Kiritimati"  # 14 hours ahead
    local = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert len(said(session, owner, first_day=local, last_day=local)) == 3
    assert said(session, owner, last_day=local - timedelta(days=1)) == []


def test_pages_follow_each_other_without_gap_or_repetition(session: Session, owner: Actor) -> None:
    for number in range(7):
        record(session, owner, AuditAction.EXPORTED, n=number)
    session.commit()
    seen, before = [], None
    for _ in range(3):
        page = list_audit(session, owner, AuditFilter(), older_than=before, limit=3)
        seen += [line.number for line in page.lines]
        before = page.older_than
    assert (seen, before) == ([7, 6, 5, 4, 3, 2, 1], None)


def test_only_owners_read_it(session: Session, strategist: Actor, viewer: Actor, outsider: Actor, owner: Actor) -> None:
    for actor in (strategist, viewer):
        with pytest.raises(Forbidden):
            list_audit(session, actor, AuditFilter())
        with pytest.raises(Forbidden):
            audit_csv(session, actor, AuditFilter())
        with pytest.raises(Forbidden):
            audit_choices(session, actor)
    record(session, owner, AuditAction.SIGNED_IN)
    session.commit()
    assert said(session, outsider, who=owner.user_id) == []


def test_a_name_that_is_a_formula_stays_text_in_the_file(session: Session, owner: Actor, written: Workspace) -> None:
    del written
    session.get_one(User, owner.user_id).name = '=HYPERLINK("https://evil.example")'
    session.flush()
    rows = list(csv.DictReader(io.StringIO(audit_csv(session, owner, AuditFilter()).decode())))
    assert [row["action"] for row in rows] == ["sign_in_failed", "imported", "signed_in"]
    assert rows[-1]["who"].startswith("'=")
    assert rows[1]["workspace_id"]


@pytest.mark.parametrize(
    "asked",
    [
        {"who": "x"},
        {"what": "everything bad"},
        {"workspace": "1 OR 1=1"},
        {"since": "yesterday"},
        {"since": "2026-11-02", "until": "2026-11-01"},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_a_sentence(asked: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=r"\.$"):
        read_filter(**asked)


def test_a_filter_is_read_from_an_address() -> None:
    who = uuid4()
    found = read_filter(who=str(who), what="Sign-ins", since="2026-11-01", until="2026-11-29")
    assert (found.who, found.actions, found.first_day) == (who, GROUPS["Sign-ins"], date(2026, 11, 1))
    assert read_filter(who="system").by_system
    assert read_filter() == AuditFilter()


@pytest.mark.parametrize("wanted", [{"first_day": date.min}, {"last_day": date.max}, {"first_day": date.max}])
def test_the_ends_of_time_are_days_or_refused_with_a_sentence(
    session: Session, owner: Actor, wanted: dict[str, date]
) -> None:
    with contextlib.suppress(InvalidInput):
        assert list_audit(session, owner, AuditFilter(**wanted)).lines == ()


def test_every_action_has_a_sentence_and_stands_in_one_group() -> None:
    listed = [action for actions in GROUPS.values() for action in actions]
    assert sorted(listed) == sorted(AuditAction)
    for action in AuditAction:
        line = AuditLine(
            agency_id=uuid4(), number=1, at=datetime.now(UTC), actor_kind="user", actor_id=uuid4(), action=action,
            workspace_id=None, subject_kind=None, subject_id=None, details={}, chain_hash="",
        )  # fmt: skip
        sentence = sentence_of(line, Names())
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_names_that_are_gone_leave_readable_lines(
    session: Session, owner: Actor, new_workspace: Callable[..., Workspace], agency: Agency
) -> None:
    gone = new_workspace(agency, "gone")
    record(session, owner, AuditAction.WORKSPACE_CHANGED, workspace_id=gone.id)
    session.commit()
    session.delete(session.get_one(Workspace, gone.id))
    session.commit()
    assert said(session, owner)[0] == "Changed the settings of a deleted workspace."


def test_numbers_of_a_line_are_the_readers_and_those_of_the_file_the_same_for_everybody(
    session: Session, owner: Actor, workspace: Workspace
) -> None:
    record(session, owner, AuditAction.IMPORTED, workspace_id=workspace.id, rows=1204)
    session.commit()
    assert said(session, owner)[0] == "Imported a file into @lena.moves, 1,204 rows."
    with written_as("de"):
        assert said(session, owner)[0] == "Imported a file into @lena.moves, 1.204 rows."
        assert "1,204 rows" in audit_csv(session, owner, AuditFilter()).decode()
        assert in_use() == "de"
