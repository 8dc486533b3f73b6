"""Invitations into an agency: asking somebody in, taking that back, and taking it up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role
from cgn_core.db.invitations import editable_invitations
from cgn_core.db.models import (
    Agency,
    Invitation,
    InvitationLink,
    InvitationWorkspace,
    User,
    Workspace,
    WorkspaceMember,
    now,
)
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput, InvalidLink, NotFound, QuotaExceeded
from cgn_core.jobs import JobKind, enqueue
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.identities import clean_email, clean_name
from cgn_core.services.mail_server import can_mail_links
from cgn_core.services.one_time_links import hash_of, new_token
from cgn_core.services.passwords import check_password_choice, hash_password
from cgn_core.settings import settings

MOST_OPEN = 200
"""Invitations of one agency that wait at once; more is a script that sends mail to strangers."""


@dataclass(frozen=True)
class InvitationView:
    """An invitation that nobody took up yet."""

    id: UUID
    email: str
    role: Role
    workspaces: tuple[str, ...]
    expires_at: datetime
    expired: bool


@dataclass(frozen=True)
class Invited:
    """A fresh invitation: the token goes into the link that is copied, and nowhere else."""

    id: UUID
    email: str
    token: str
    mail_job: UUID | None
    """The job that mails a link of its own; None where no mail server is set up."""


@dataclass(frozen=True)
class OpenInvitation:
    """What whoever follows the link is asked."""

    agency: str
    email: str
    role: Role
    expires_at: datetime


def list_invitations(session: Session, actor: Actor) -> list[InvitationView]:
    """The invitations that wait or have expired, newest first.

    Raises:
        Forbidden: the actor's role doesn't invite.
    """
    actor.require(Action.INVITE)
    rows = session.scalars(
        editable_invitations(actor).where(Invitation.revoked_at.is_(None)).order_by(Invitation.created_at.desc())
    ).all()
    handles: dict[UUID, list[str]] = {}
    bound = (
        select(InvitationWorkspace.invitation_id, Workspace.handle)
        .join(Workspace, Workspace.id == InvitationWorkspace.workspace_id)
        .where(InvitationWorkspace.invitation_id.in_([each.id for each in rows]))
        .order_by(Workspace.handle)
    )
    for invitation_id, handle in session.execute(bound):
        handles.setdefault(invitation_id, []).append(handle)
    time = now()
    return [
        InvitationView(
            id=each.id,
            email=each.email,
            role=each.role,
            workspaces=tuple(handles.get(each.id, ())),
            expires_at=each.expires_at,
            expired=each.expires_at <= time,
        )
        for each in rows
    ]


def invite(
    session: Session, actor: Actor, email: str, role: Role, *, workspace_ids: Collection[UUID | str] = ()
) -> Invited:
    """Ask somebody in; an earlier invitation of the same address is taken back.

    Args:
        session: the transaction.
        actor: who asks.
        email: the account will be of this address.
        role: what they will be.
        workspace_ids: what a viewer will see, and the restricted ones that a strategist is let into.

    Raises:
        Forbidden: the actor's role doesn't invite.
        NotFound: one of the workspaces isn't there, or not the actor's.
        InvalidInput: the address is malformed or a member's, or a viewer would see nothing.
        QuotaExceeded: too many invitations wait.
    """
    actor.require(Action.INVITE)
    address = clean_email(email)
    workspaces = [one_or_not_found(session, readable_workspaces(actor), each) for each in set(workspace_ids)]
    if role is Role.VIEWER and not workspaces:
        raise InvalidInput("A viewer sees only the workspaces they are let into; choose at least one.")
    member = select(User.id).where(User.agency_id == actor.agency_id, User.email == address, User.removed_at.is_(None))
    if session.scalar(member) is not None:
        raise InvalidInput(f"{address} is a member of your agency already.")
    waiting = editable_invitations(actor).where(Invitation.revoked_at.is_(None))
    count = select(func.count()).select_from(waiting.where(Invitation.expires_at > now()).subquery())
    if (session.scalar(count) or 0) >= MOST_OPEN:
        raise QuotaExceeded(f"{MOST_OPEN} invitations wait already; take some back first.")
    for earlier in session.scalars(waiting.where(Invitation.email == address)):
        earlier.revoked_at = now()
    made = Invitation(
        agency_id=actor.agency_id,
        email=address,
        role=role,
        invited_by=actor.stored_id,
        expires_at=_expiry(),
    )
    session.add(made)
    session.flush()
    if role is not Role.OWNER:
        session.add_all(InvitationWorkspace(invitation_id=made.id, workspace_id=each.id) for each in workspaces)
    _note(session, actor, AuditAction.INVITATION_MADE, made)
    return _hand_out(session, actor, made)


def resend_invitation(session: Session, actor: Actor, invitation_id: UUID | str) -> Invited:
    """Hand out a new link, and mail another where that is set up; earlier links stop working, the time starts anew.

    Raises:
        Forbidden: the actor's role doesn't invite.
        NotFound: no such invitation, not the actor's, taken up or taken back.
    """
    actor.require(Action.INVITE)
    found = _waiting(session, actor, invitation_id)
    session.execute(delete(InvitationLink).where(InvitationLink.invitation_id == found.id))
    found.expires_at = _expiry()
    _note(session, actor, AuditAction.INVITATION_RENEWED, found)
    return _hand_out(session, actor, found)


def revoke_invitation(session: Session, actor: Actor, invitation_id: UUID | str) -> str:
    """Take an invitation back: its links stop working at once; returns the address.

    Raises:
        Forbidden, NotFound: as :func:`resend_invitation`.
    """
    actor.require(Action.INVITE)
    found = _waiting(session, actor, invitation_id)
    found.revoked_at = now()
    _note(session, actor, AuditAction.INVITATION_REVOKED, found)
    return found.email


def restore_invitation(session: Session, actor: Actor, invitation_id: UUID | str) -> str:
    """Undo that; returns the address. The links that were handed out work again.

    Raises:
        Forbidden, NotFound: as :func:`resend_invitation`.
        InvalidInput: the address was invited again meanwhile.
    """
    actor.require(Action.INVITE)
    revoked = editable_invitations(actor).where(Invitation.revoked_at.is_not(None)).with_for_update()
    found = one_or_not_found(session, revoked, invitation_id)
    newer = editable_invitations(actor).where(Invitation.revoked_at.is_(None), Invitation.email == found.email)
    if session.scalars(newer).first() is not None:
        raise InvalidInput(f"{found.email} was invited again meanwhile.")
    found.revoked_at = None
    _note(session, actor, AuditAction.INVITATION_RESTORED, found)
    return found.email


def open_invitation(session: Session, token: str) -> OpenInvitation:
    """What a link asks; for whoever has it.

    Raises:
        InvalidLink: there is no such link, or it doesn't work any more.
    """
    found = _by_token(session, token)
    agency = session.get_one(Agency, found.agency_id)
    return OpenInvitation(agency=agency.name, email=found.email, role=found.role, expires_at=found.expires_at)


def accept_invitation(session: Session, token: str, *, name: str, password: str) -> UUID:
    """Make the account that a link stands for, once; returns the user's id. They sign in afterwards.

    A removed member of the same agency comes back with the new role and password.

    Raises:
        InvalidLink: there is no such link, or it doesn't work any more.
        InvalidInput: no name, a weak password, or the address has an account elsewhere.
    """
    found = _by_token(session, token, lock=True)
    cleaned = clean_name(name, "user")
    check_password_choice(password, email=found.email, name=cleaned)
    user = session.scalar(select(User).where(User.email == found.email).with_for_update())
    if user is None:
        user = _new_user(session, found, name=cleaned, password_hash=hash_password(password))
    elif user.agency_id == found.agency_id and user.removed_at is not None:
        user.name, user.role, user.password_hash = cleaned, found.role, hash_password(password)
        user.removed_at = user.disabled_at = user.locked_until = None
        user.failed_sign_ins = 0
        session.execute(delete(WorkspaceMember).where(WorkspaceMember.user_id == user.id))
    else:
        raise InvalidInput(_taken(found.email))
    let_into = select(InvitationWorkspace.workspace_id).where(InvitationWorkspace.invitation_id == found.id)
    session.add_all(
        WorkspaceMember(workspace_id=workspace_id, user_id=user.id) for workspace_id in session.scalars(let_into)
    )
    found.accepted_at = now()
    session.execute(delete(InvitationLink).where(InvitationLink.invitation_id == found.id))
    session.flush()
    newcomer = Actor(user_id=user.id, agency_id=user.agency_id, role=user.role)
    _note(session, newcomer, AuditAction.INVITATION_ACCEPTED, found)
    record(session, newcomer, AuditAction.USER_CREATED, subject=(SubjectKind.USER, user.id), role=user.role)
    return user.id


def link_for_mail(session: Session, invitation_id: UUID | str) -> tuple[Invitation, str]:
    """An invitation that still waits, with a token of its own for the mail; for the job that sends it.

    Raises:
        NotFound: it was taken up, taken back or has expired meanwhile.
    """
    found = session.scalar(select(Invitation).where(Invitation.id == UUID(str(invitation_id)), *_alive()))
    if found is None:
        raise NotFound("The invitation was taken up, taken back or has expired; nothing was mailed.")
    return found, _new_link(session, found.id)


def _hand_out(session: Session, actor: Actor, invitation: Invitation) -> Invited:
    token = _new_link(session, invitation.id)
    job = None
    if can_mail_links():
        job = enqueue(
            session,
            JobKind.MAIL,
            agency_id=actor.agency_id,
            requested_by=actor.stored_id,
            params={"invitation": str(invitation.id)},
            key=f"invitation:{hash_of(token)[:32]}",
        )
    return Invited(id=invitation.id, email=invitation.email, token=token, mail_job=job)


def _note(session: Session, actor: Actor, action: AuditAction, invitation: Invitation) -> None:
    record(session, actor, action, subject=(SubjectKind.INVITATION, invitation.id), role=invitation.role)


def _new_link(session: Session, invitation_id: UUID) -> str:
    token = new_token()
    session.add(InvitationLink(token_hash=hash_of(token), invitation_id=invitation_id))
    session.flush()
    return token


def _waiting(session: Session, actor: Actor, invitation_id: UUID | str) -> Invitation:
    return one_or_not_found(
        session, editable_invitations(actor).where(Invitation.revoked_at.is_(None)).with_for_update(), invitation_id
    )


def _by_token(session: Session, token: str, *, lock: bool = False) -> Invitation:
    named = (
        select(Invitation)
        .join(InvitationLink, InvitationLink.invitation_id == Invitation.id)
        .where(InvitationLink.token_hash == hash_of(token), *_alive())
    )
    # Of two who take it up at once the second waits, and then finds it taken.
    found = session.scalar(named.with_for_update(of=Invitation) if lock else named)
    if found is None:
        raise InvalidLink
    return found


def _alive() -> tuple[ColumnElement[bool], ...]:
    return (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now())


def _new_user(session: Session, invitation: Invitation, *, name: str, password_hash: str) -> User:
    made = User(
        agency_id=invitation.agency_id,
        email=invitation.email,
        name=name,
        role=invitation.role,
        password_hash=password_hash,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise InvalidInput(_taken(invitation.email)) from None
    return made


def _taken(email: str) -> str:
    return f"There is an account for {email} already. Sign in with it, or ask for an invitation to another address."


def _expiry() -> datetime:
    return now() + timedelta(seconds=settings().invitation_lifetime)
