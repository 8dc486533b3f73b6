"""What is deleted for good: a workspace with everything in it, and the person behind an account.

Both want the name typed, because neither can be undone. Both leave a line in the audit log, which holds ids only.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role
from cgn_core.db.models import (
    Agency,
    ApiToken,
    Arrival,
    DataVersion,
    Invitation,
    Job,
    JobState,
    KeptAnswer,
    LedgerEntry,
    Model,
    ModelVersion,
    ResetRequest,
    StoredFile,
    Upload,
    User,
    Workspace,
    now,
)
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import Conflict, InvalidInput
from cgn_core.jobs import JobKind
from cgn_core.services.audit import AuditAction, SubjectKind, record, write_lines

NOBODY = "Deleted user"
"""What an account is called once its person is forgotten."""
_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def delete_workspace(session: Session, actor: Actor, workspace_id: UUID | str, *, typed: str) -> str:
    """Delete a workspace with its data, models, forecasts, jobs and files, and its name wherever else it stands.

    The line that it leaves in the audit log holds the last hash of its ledger: whoever kept that hash can show later
    which forecasts there were. The database refuses to delete a workspace with forecasts without that line.

    Args:
        session: the transaction; everything or nothing.
        actor: an owner.
        workspace_id: which one.
        typed: its handle, as somebody typed it to confirm.

    Returns: the handle.

    Raises:
        Forbidden: the actor's role deletes none.
        NotFound: no such workspace, or not the actor's.
        InvalidInput: something else was typed.
        Conflict: the agency exports, retrains or generates several workspaces at this moment.
    """
    actor.require(Action.DELETE_WORKSPACE)
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    handle = workspace.handle
    if typed.strip().removeprefix("@") != handle:
        raise InvalidInput(f"Type {handle} to delete it; nothing was deleted.")
    running = select(Job.id).where(
        Job.agency_id == actor.agency_id, Job.workspace_id.is_(None), Job.state == JobState.RUNNING
    )
    if session.scalars(running.limit(1)).first() is not None:
        raise Conflict("A job works on several workspaces at this moment; wait until it has ended, then delete.")
    _record_deletion(session, actor, workspace)
    _forget_mentions(session, workspace)
    session.execute(delete(Workspace).where(Workspace.id == workspace.id))
    session.expunge(workspace)
    return handle


def delete_user(session: Session, actor: Actor, user_id: UUID | str, *, typed: str) -> None:
    """Forget who a user was, for good: oneself, or as an owner anybody of the agency, removed ones too.

    The account stays without name, address and password, so that what it imported, decided and asked for still has
    somebody who did it; sign-ins, tokens, devices, second factors, memberships and files under way are deleted.

    Args:
        session: the transaction.
        actor: the user themselves, or an owner.
        user_id: who.
        typed: their e-mail address, as somebody typed it to confirm.

    Raises:
        NotFound: no such user, already forgotten, or not the actor's to delete.
        InvalidInput: something else was typed, or they are the agency's last owner.
    """
    session.execute(select(Agency.id).where(Agency.id == actor.agency_id).with_for_update(key_share=True))
    user = one_or_not_found(session, _deletable(actor), user_id)
    if typed.strip().casefold() != user.email:
        raise InvalidInput("Type the account's e-mail address to delete it; nothing was deleted.")
    _another_owner_remains(session, user)
    record(session, actor, AuditAction.USER_DELETED, subject=(SubjectKind.USER, user.id))
    for table in Model.metadata.sorted_tables:
        for key in table.foreign_keys:
            # What goes with a user goes now, though the row stays.
            if key.column.table.name == User.__tablename__ and key.ondelete == "CASCADE":
                session.execute(table.delete().where(key.parent == user.id))
    session.execute(delete(Invitation).where(Invitation.email == user.email))
    session.execute(delete(ResetRequest).where(ResetRequest.email == user.email))
    session.execute(delete(StoredFile).where(StoredFile.made_for == user.id, StoredFile.workspace_id.is_(None)))
    # This is how a mail's job ends; no other names people.
    mailed = (Job.kind == JobKind.MAIL, Job.message == f"Sent to {user.name}")
    session.execute(update(Job).where(Job.agency_id == user.agency_id, *mailed).values(message="Done"))
    moment = now()
    user.email, user.name, user.password_hash = f"{user.id}@deleted.invalid", NOBODY, "!"
    user.failed_sign_ins, user.locked_until = 0, None
    user.deleted_at = moment
    user.removed_at = user.removed_at or moment
    user.disabled_at = user.disabled_at or moment
    session.flush()


def _deletable(actor: Actor) -> Any:
    living = select(User).where(User.agency_id == actor.agency_id, User.deleted_at.is_(None)).with_for_update()
    return living if actor.may(Action.MANAGE_TEAM) else living.where(User.id == actor.user_id)


def _another_owner_remains(session: Session, user: User) -> None:
    if user.role is not Role.OWNER or user.disabled_at is not None:
        return
    others = select(func.count()).where(
        User.agency_id == user.agency_id, User.id != user.id, User.role == Role.OWNER, User.disabled_at.is_(None)
    )
    if not session.scalar(others):
        raise InvalidInput("This is the agency's last owner; make somebody else an owner first.")


def _record_deletion(session: Session, actor: Actor, workspace: Workspace) -> None:
    def count(model: Any) -> int:
        return session.scalar(select(func.count()).where(model.workspace_id == workspace.id)) or 0

    kept = select(LedgerEntry.chain_hash).where(LedgerEntry.workspace_id == workspace.id)
    record(
        session,
        actor,
        AuditAction.WORKSPACE_DELETED,
        subject=(SubjectKind.WORKSPACE, workspace.id),
        data_versions=count(DataVersion),
        models=count(ModelVersion),
        forecasts=count(LedgerEntry),
        ledger_hash=session.scalar(kept.order_by(LedgerEntry.number.desc()).limit(1)),
    )
    write_lines(session)  # the database looks for it when the workspace goes


def _forget_mentions(session: Session, workspace: Workspace) -> None:
    """Delete what is kept of a workspace outside of it: files of several, uploads, answers to programs, jobs' words."""
    of_several = (StoredFile.agency_id == workspace.agency_id, StoredFile.workspace_id.is_(None))
    session.execute(delete(StoredFile).where(*of_several))
    tokens = select(ApiToken.id).where(ApiToken.agency_id == workspace.agency_id)
    session.execute(delete(KeptAnswer).where(KeptAnswer.token_id.in_(tokens)))
    of_any = (Arrival.agency_id == workspace.agency_id, Arrival.workspace_id.is_(None))
    session.execute(delete(Arrival).where(*of_any))
    uploads = select(Upload).where(Upload.agency_id == workspace.agency_id, Upload.workspace_id.is_(None))
    for upload in session.scalars(uploads):
        if any(str(name).removeprefix("@") == workspace.handle for name, _ in upload.tables.get("creators", ())):
            session.delete(upload)
    jobs = select(Job.id, Job.params, Job.result, Job.message).where(
        Job.agency_id == workspace.agency_id, Job.workspace_id.is_(None), Job.state.in_(_ENDED)
    )
    marks = (str(workspace.id), workspace.handle)
    for job_id, params, result, message in session.execute(jobs).all():
        if any(mark in json.dumps([params, result, message], ensure_ascii=False) for mark in marks):
            session.execute(update(Job).where(Job.id == job_id).values(params={}, result={}, message="Ended"))
    session.flush()
