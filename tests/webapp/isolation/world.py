"""The rows that the matrix tries to reach: a restricted workspace with one of everything, and what everybody has."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import (
    Agency,
    ApiToken,
    Arrival,
    Invitation,
    Job,
    JobState,
    Report,
    Scenario,
    StoredFile,
    User,
    UserSession,
    WeekNote,
    Workspace,
    WorkspaceMember,
    now,
)
from cgn_core.db.session import transaction
from cgn_core.services import arrivals, competitors, imports, retrainings, schedules
from cgn_core.services.sessions import hash_token, stamp_of
from cgn_core.stats.training import Training, train

from .people import COLLEAGUES, STAFF, Person

Ids = Mapping[str, Any]
"""Kinds of ids, and the id of each: "workspace", "upload", "arrival", "job", …"""

HANDLE, PEER = "lena.moves", "their.peer"
SECRETS = (HANDLE, PEER)
"""Words that only answers about the restricted workspace hold."""
AGENCY = "Northlight"
ROLES = {
    Person.OUTSIDER: Role.OWNER,
    Person.STRANGER: Role.VIEWER,
    Person.VIEWER: Role.VIEWER,
    Person.STRATEGIST: Role.STRATEGIST,
    Person.OUTSIDE: Role.STRATEGIST,
    Person.OWNER: Role.OWNER,
}
DAYS = 70
MONDAY = date(2026, 11, 16)
MORE = b"date,followers,posts\n2026-11-01,10,1\n2026-11-02,12,0\n"


SHOWN_OF_HASH = 16
"""Letters of a session's hash that a page names it by."""
_trainings: list[Training] = []


@dataclass(frozen=True)
class World:
    """Everybody, and the ids of what they may and may not reach."""

    people: Mapping[Person, Actor]
    theirs: Ids
    """Of the restricted workspace; its uploads are the owner's."""
    agencywide: Ids
    """Of the same agency, in no workspace."""
    own: Mapping[Person, Ids]
    """Of a workspace that the person may reach, with uploads of their own where their role has any."""
    tokens: Mapping[Person, str]
    """Of everybody's session, which is as old as the rest and so survives being put back to it."""
    api_tokens: Mapping[Person, str]
    """Everybody's own, of their role and without further limits."""

    @property
    def agency_id(self) -> UUID:
        return self.people[Person.OWNER].agency_id


def nobodys(ids: Ids) -> Ids:
    """The same kinds of ids, of things that there never were."""
    return {kind: str(uuid4()) if isinstance(value, str) else value for kind, value in ids.items()}


def make_world() -> World:
    """Store everybody and everything."""
    with transaction() as session:  # committed first: files are read outside of any transaction
        agency, other = Agency(name=AGENCY), Agency(name="Southshore")
        session.add_all([agency, other])
        session.flush()
        theirs = Workspace(agency_id=agency.id, handle=HANDLE, restricted=True)
        open_to_all = Workspace(agency_id=agency.id, handle="open.book")
        others = Workspace(agency_id=other.id, handle="someone.else")
        session.add_all([theirs, open_to_all, others])
        session.flush()
        people = {
            person: _join(session, other if person is Person.OUTSIDER else agency, role, name=f"Somebody {number}")
            for number, (person, role) in enumerate(ROLES.items())
        }
        for person in (Person.VIEWER, Person.STRATEGIST):
            session.add(WorkspaceMember(workspace_id=theirs.id, user_id=people[person].user_id))
        for person in (Person.VIEWER, Person.STRANGER):
            session.add(WorkspaceMember(workspace_id=open_to_all.id, user_id=people[person].user_id))
    with transaction() as session:
        theirs, open_to_all, others = (session.merge(place) for place in (theirs, open_to_all, others))
        owner = people[Person.OWNER]
        mine = {**furnish(session, owner, theirs), **_furnish_team(session, owner)}
        shared = furnish(session, owner, open_to_all)
        own: dict[Person, Ids] = dict.fromkeys(COLLEAGUES, shared)
        for person in STAFF - {Person.OWNER}:
            own[person] = {**shared, **_files_on_their_way(session, people[person], open_to_all)}
        _left_from_other_days(session, people, theirs)
        outsider = people[Person.OUTSIDER]
        own[Person.OUTSIDER] = {**furnish(session, outsider, others), **_furnish_team(session, outsider)}
        tokens = {person: _sign_in(session, actor) for person, actor in people.items()}
        api_tokens = {person: _api_token(session, actor) for person, actor in people.items()}
        return World(people, mine, _furnish_agency(session, owner), own, tokens, api_tokens)


def _join(session: Session, agency: Agency, role: Role, *, name: str) -> Actor:
    user = User(
        agency_id=agency.id, email=f"{uuid4().hex[:12]}@agency.example", name=name, role=role, password_hash="!"
    )
    session.add(user)
    session.flush()
    return Actor(user_id=user.id, agency_id=agency.id, role=role, name=name)


def _sign_in(session: Session, actor: Actor) -> str:
    token = secrets.token_urlsafe(32)
    opened = UserSession(
        token_hash=hash_token(token),
        user_id=actor.user_id,
        stamp=stamp_of(session.get_one(User, actor.user_id)),
        expires_at=now() + timedelta(days=1),
    )
    opened.created_at = now() + timedelta(hours=1)  # proven freshly enough for as long as the tests run
    session.add(opened)
    return token


def _api_token(session: Session, actor: Actor) -> str:
    """Stored as it is: viewers make none, and theirs must be worth no more than they are."""
    token = secrets.token_urlsafe(32)
    _stored_token(session, actor, token)
    return token


def _stored_token(session: Session, actor: Actor, token: str = "") -> ApiToken:
    made = ApiToken(
        agency_id=actor.agency_id, user_id=actor.user_id, name="x", prefix="x", role=actor.role,
        token_hash=hash_token(token or secrets.token_urlsafe(32)), expires_at=now() + timedelta(days=1),
        last_used_at=now() + timedelta(hours=1),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _furnish_team(session: Session, owner: Actor) -> Ids:
    """What an owner manages: a member, one who was removed, an invitation, a session of the owner's elsewhere."""
    agency = session.get_one(Agency, owner.agency_id)
    member = _join(session, agency, Role.VIEWER, name="A member")
    removed = _join(session, agency, Role.VIEWER, name="One who left")
    session.get_one(User, removed.user_id).removed_at = now()
    invitation, revoked = (
        Invitation(
            agency_id=agency.id, email=f"{uuid4().hex[:12]}@invited.example", role=Role.VIEWER,
            invited_by=owner.user_id, expires_at=now() + timedelta(days=7),
        )
        for _ in range(2)
    )  # fmt: skip
    revoked.revoked_at = now()
    session.add_all([invitation, revoked])
    elsewhere = _sign_in(session, owner)
    session.flush()
    return {
        "member": str(member.user_id),
        "removed_member": str(removed.user_id),
        "invitation": str(invitation.id),
        "revoked_invitation": str(revoked.id),
        "session": hash_token(elsewhere)[:SHOWN_OF_HASH],
        "token": str(_stored_token(session, owner).id),
    }


def furnish(session: Session, actor: Actor, workspace: Workspace) -> Ids:
    """One of everything that a workspace holds, made as the product makes it."""
    table = make_csv(workspace.handle)
    view = imports.read_upload(session, actor, workspace_id=workspace.id, file_name="daily.csv", data=table)
    assert view.id is not None, view.findings
    (done,) = imports.import_upload(session, actor, view.id, key=str(uuid4()))
    material = retrainings.material_of(session, workspace)
    assert material is not None
    if not _trainings:  # the numbers are everybody's, so what is learned from them is too
        _trainings.append(train(material.daily, progress=lambda *_: None))
    for _ in range(2):
        retrainings.store_training(session, workspace, material, _trainings[0], job_id=None)
    peer = b"date,followers\n2026-11-01,10\n2026-11-02,12\n"
    (rival,) = competitors.add_competitor_file(session, actor, workspace.id, file_name=f"{PEER}.csv", data=peer)
    schedule = schedules.add_schedule(session, actor, "score_nightly", workspace_id=workspace.id)
    removed = schedules.add_schedule(session, actor, "score_nightly", workspace_id=workspace.id)
    schedules.remove_schedule(session, actor, removed)
    written = [
        kind(workspace_id=workspace.id, created_by=actor.user_id, **values)
        for kind, values in (
            (Scenario, {"name": "x", "plan": {"reels": 2.0}}),
            (WeekNote, {"week_start": MONDAY, "text": "x"}),
        )
        for _ in range(2)
    ]
    session.add_all(written)
    session.flush()
    scenario, gone_scenario, note, gone_note = written
    gone_scenario.removed_at = gone_note.removed_at = now()
    job = session.get_one(Job, done.job_id)
    ended = _ended_job(session, actor, workspace.id)
    report = _report(session, actor, workspace)
    return {
        "workspace": str(workspace.id),
        "job": str(job.id),
        "ended_job": str(ended.id),
        "key": ended.idempotency_key,
        "competitor": str(rival.id),
        "scenario": str(scenario.id),
        "removed_scenario": str(gone_scenario.id),
        "note": str(note.id),
        "removed_note": str(gone_note.id),
        "schedule": str(schedule),
        "removed_schedule": str(removed),
        "report": str(report.id),
        "file": str(_file(session, actor, workspace.id, name=f"{workspace.handle}-report.html", report=report).id),
        "user": str(actor.user_id),
        "version": 1,
        "place": 0,
        **_files_on_their_way(session, actor, workspace),
    }


def _furnish_agency(session: Session, owner: Actor) -> Ids:
    queued = Job(
        agency_id=owner.agency_id, workspace_id=None, requested_by=owner.user_id, kind="generate", queue="light",
        idempotency_key=str(uuid4()), params={"creators": 1},
    )  # fmt: skip
    session.add(queued)
    session.flush()
    schedule = schedules.add_schedule(session, owner, "score_nightly")
    removed = schedules.add_schedule(session, owner, "score_nightly")
    schedules.remove_schedule(session, owner, removed)
    return {
        "job": str(queued.id),
        "ended_job": str(_ended_job(session, owner, None).id),
        "schedule": str(schedule),
        "removed_schedule": str(removed),
        "file": str(_file(session, owner, None, name="all.zip").id),
        **_files_on_their_way(session, owner, None),
    }


def _ended_job(session: Session, actor: Actor, workspace_id: UUID | None) -> Job:
    kind = "retrain" if workspace_id else "retrain_all"
    job = Job(
        agency_id=actor.agency_id, workspace_id=workspace_id, requested_by=actor.user_id, kind=kind, queue="training",
        idempotency_key=str(uuid4()), state=JobState.FAILED, error="It failed.", finished_at=now(),
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def _report(session: Session, actor: Actor, workspace: Workspace) -> Report:
    report = Report(
        agency_id=actor.agency_id, workspace_id=workspace.id, job_id=None, made_for=actor.user_id, data_version=1,
        model_number=None, basis={"today": "2026-11-28"}, figures={},
    )  # fmt: skip
    session.add(report)
    session.flush()
    return report


def _file(
    session: Session, actor: Actor, workspace_id: UUID | None, *, name: str, report: Report | None = None
) -> StoredFile:
    file = StoredFile(
        agency_id=actor.agency_id, workspace_id=workspace_id, job_id=None, made_for=actor.user_id, purpose="report",
        name=name, media_type="text/html", size=1, content=b".", report_id=report.id if report else None,
    )  # fmt: skip
    session.add(file)
    session.flush()
    return file


def _files_on_their_way(session: Session, actor: Actor, workspace: Workspace | None) -> Ids:
    """A file that was read, and a large one that has arrived."""
    place = workspace.id if workspace is not None else None
    handle = workspace.handle if workspace is not None else "anybody"
    view = imports.read_upload(session, actor, workspace_id=place, file_name=f"{handle}.csv", data=MORE)
    name = f"{handle}-large.csv"
    arrival = arrivals.begin_arrival(session, actor, workspace_id=place, file_name=name, size=len(MORE))
    arrivals.add_piece(session, actor, arrival, number=0, content=MORE)
    session.get_one(Arrival, arrival).upload_id = view.id
    session.flush()
    return {"upload": str(view.id), "arrival": str(arrival)}


def _left_from_other_days(session: Session, people: Mapping[Person, Actor], theirs: Workspace) -> None:
    """What viewers uploaded who were strategists then, and what a strategist did who was let in then."""
    for person in (Person.VIEWER, Person.STRANGER):
        _files_on_their_way(session, replace(people[person], role=Role.STRATEGIST), None)
    outside = people[Person.OUTSIDE]
    _files_on_their_way(session, replace(outside, role=Role.OWNER), theirs)
    _file(session, outside, theirs.id, name="left.html")


def make_csv(handle: str) -> bytes:
    """Ten weeks that end on Sunday 22 November 2026."""
    first = date(2026, 11, 22) - timedelta(days=DAYS - 1)
    lines = ["creator,date,followers,follows,unfollows,posts,reels,stories"]
    followers = 77_000
    for number in range(DAYS):
        gained = 40 + 7 * (number % 5) + 10 * (number % 3)
        followers += gained - 9
        day = (first + timedelta(days=number)).isoformat()
        lines.append(f"{handle},{day},{followers},{gained},9,{number % 2},{number % 3},{number % 4}")
    return "\n".join(lines).encode()
