"""What a line of the audit log says to a person. Names are looked up when it is read; the line itself holds none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cgn_core.db.audit_actions import AuditAction, SubjectKind
from cgn_core.db.models import AuditLine
from cgn_core.figures.wording import count

A = AuditAction

GROUPS: dict[str, tuple[AuditAction, ...]] = {
    "Sign-ins": (
        A.SIGNED_IN, A.SIGN_IN_FAILED, A.SIGN_IN_LOCKED, A.SIGNED_OUT_EVERYWHERE, A.PASSWORD_CHANGED,
        A.PASSWORD_RESET, A.RESET_LINK_MADE, A.SECOND_FACTOR_SET, A.SECOND_FACTOR_REMOVED, A.RECOVERY_CODES_MADE,
        A.RECOVERY_CODE_USED,
    ),
    "Team and access": (
        A.USER_CREATED, A.USER_DISABLED, A.USER_ENABLED, A.USER_REMOVED, A.USER_RESTORED, A.USER_DELETED,
        A.USER_EXPORTED, A.ROLE_CHANGED,
        A.INVITATION_MADE, A.INVITATION_RENEWED, A.INVITATION_REVOKED,
        A.INVITATION_RESTORED, A.INVITATION_ACCEPTED, A.MEMBER_ADDED, A.MEMBER_REMOVED,
        A.TOKEN_MADE, A.TOKEN_REVOKED,
    ),
    "Workspaces": (
        A.WORKSPACE_CREATED, A.WORKSPACE_CHANGED, A.WORKSPACE_RESTRICTED, A.WORKSPACE_OPENED, A.WORKSPACE_DELETED,
        A.GENERATED,
    ),
    "Data and models": (
        A.IMPORTED, A.IMPORT_UNDONE, A.DATA_REPAIRED, A.COMPETITOR_ADDED, A.COMPETITOR_REMOVED, A.TRAINED, A.PROMOTED,
    ),
    "What left the portal": (A.EXPORTED, A.DOWNLOADED, A.REPORT_MADE, A.FILE_DELETED, A.MAILED),
    "Settings and schedules": (
        A.AGENCY_CREATED, A.SETTINGS_CHANGED, A.SCHEDULE_ADDED, A.SCHEDULE_CHANGED, A.SCHEDULE_REMOVED,
        A.SCHEDULE_RESTORED, A.RETENTION_APPLIED,
    ),
}  # fmt: skip
"""Every action once, as the filter lists them."""

_SENTENCES: dict[AuditAction, str] = {
    A.AGENCY_CREATED: "The agency was made",
    A.SETTINGS_CHANGED: "Settings of the agency were changed",
    A.SIGNED_IN: "Signed in",
    A.SIGN_IN_FAILED: "A sign-in as {user} failed",
    A.SIGN_IN_LOCKED: "A sign-in as {user} failed and locked the account",
    A.SIGNED_OUT_EVERYWHERE: "Signed out everywhere{sessions}",
    A.PASSWORD_CHANGED: "Changed the own password",
    A.PASSWORD_RESET: "The password of {user} was set anew",
    A.RESET_LINK_MADE: "A link was made with which {user} can set a new password",
    A.SECOND_FACTOR_SET: "A second factor was set up for {user}",
    A.SECOND_FACTOR_REMOVED: "The second factor of {user} was removed",
    A.RECOVERY_CODES_MADE: "Recovery codes were made for {user}",
    A.RECOVERY_CODE_USED: "A recovery code of {user} was used",
    A.USER_CREATED: "An account was made for {user}{role}",
    A.USER_DISABLED: "The account of {user} was disabled",
    A.USER_ENABLED: "The account of {user} was enabled again",
    A.USER_REMOVED: "{user} was removed from the team",
    A.USER_RESTORED: "{user} was brought back into the team",
    A.USER_DELETED: "The account of {user} was deleted and its name forgotten",
    A.USER_EXPORTED: "The own user data were exported",
    A.ROLE_CHANGED: "The role of {user} was changed{role}",
    A.INVITATION_MADE: "Invited somebody{role}",
    A.INVITATION_RENEWED: "A new link was made for an invitation",
    A.INVITATION_RESTORED: "An invitation was brought back",
    A.INVITATION_REVOKED: "An invitation was taken back",
    A.INVITATION_ACCEPTED: "An invitation was accepted by {user}",
    A.MEMBER_ADDED: "{user} was let into {workspace}",
    A.MEMBER_REMOVED: "{user} was taken out of {workspace}",
    A.TOKEN_MADE: "An API token was made{role}",
    A.TOKEN_REVOKED: "An API token was taken back",
    A.WORKSPACE_CREATED: "Made the workspace {workspace}",
    A.WORKSPACE_CHANGED: "Changed the settings of {workspace}",
    A.WORKSPACE_RESTRICTED: "Restricted {workspace} to its members",
    A.WORKSPACE_OPENED: "Opened {workspace} to the whole team",
    A.WORKSPACE_DELETED: "Deleted a workspace with everything in it{ledger}",
    A.GENERATED: "Synthetic data were generated for {workspace}",
    A.IMPORTED: "Imported a file into {workspace}{rows}{version}",
    A.IMPORT_UNDONE: "Put {workspace} back to other data{version}",
    A.DATA_REPAIRED: "Repaired data of {workspace}{days}{version}",
    A.COMPETITOR_ADDED: "Added or updated a competitor of {workspace}",
    A.COMPETITOR_REMOVED: "Removed a competitor of {workspace}",
    A.TRAINED: "A model of {workspace} was trained{model}{version}",
    A.PROMOTED: "A model of {workspace} came into force{model}{kind}",
    A.EXPORTED: "Exported {exported}",
    A.DOWNLOADED: "Downloaded a file that a job had made",
    A.REPORT_MADE: "A client report of {workspace} was made",
    A.FILE_DELETED: "Deleted a file of {workspace}",
    A.MAILED: "Mailed a file to {user}",
    A.SCHEDULE_ADDED: "Added a schedule of {scheduled}",
    A.SCHEDULE_CHANGED: "Changed a schedule of {scheduled}",
    A.SCHEDULE_REMOVED: "Removed a schedule of {scheduled}",
    A.SCHEDULE_RESTORED: "Brought a schedule of {scheduled} back",
    A.RETENTION_APPLIED: "What was older than the agency keeps was deleted{removed}",
}
_KINDS = {
    "first": "the first one",
    "same_form": "the same form on newer data",
    "better": "better on unseen weeks",
    "naive": "no model beats the naive forecast",
    "schema": "the one before no longer fits the data",
    "by_hand": "put in force by hand",
}


@dataclass(frozen=True)
class Names:
    """What the ids of some lines are called today."""

    people: Mapping[UUID, str] = field(default_factory=dict)
    workspaces: Mapping[UUID, str] = field(default_factory=dict)

    def person(self, user_id: UUID | None) -> str:
        """A user's name."""
        return self.people.get(user_id, "somebody who is gone") if user_id else "nobody"

    def workspace(self, workspace_id: UUID | None) -> str:
        """A workspace's handle."""
        if workspace_id is None:
            return "every workspace"
        handle = self.workspaces.get(workspace_id)
        return f"@{handle}" if handle else "a deleted workspace"


def sentence_of(line: AuditLine, names: Names) -> str:
    """What was done, in one sentence without who did it."""
    known: dict[str, Any] = line.details
    workspace = names.workspace(line.workspace_id)
    subject = line.subject_id if line.subject_kind is SubjectKind.USER else line.actor_id
    words = {
        "user": names.person(subject),
        "workspace": workspace,
        "scheduled": workspace,
        "exported": f"numbers of {workspace}" if line.workspace_id else _whole_export(known),
        "sessions": _counted(known, "sessions", "{} session{s} ended"),
        "role": f", as {known['role']}" if "role" in known else "",
        "rows": _counted(known, "rows", "{} row{s}"),
        "days": _counted(known, "days", "{} day{s}"),
        "version": f", version {known['data_version']} of the data" if "data_version" in known else "",
        "model": f", model {known['model_number']}" if "model_number" in known else "",
        "kind": f": {_KINDS[known['kind']]}" if known.get("kind") in _KINDS else "",
        "ledger": f"; its ledger ended with {str(known['ledger_hash'])[:12]}" if known.get("ledger_hash") else "",
        "removed": _counted(known, "removed", "{} row{s}"),
    }
    return _SENTENCES[line.action].format(**words) + "."


def _whole_export(known: Mapping[str, Any]) -> str:
    if "workspaces" in known:
        return f"everything of {_number(known['workspaces'])} workspaces as one file"
    if "audit_log" in known:
        return "the audit log"
    return "the rows that a file had left out" if "upload" in known else "the portfolio's table"


def _counted(known: Mapping[str, Any], name: str, words: str) -> str:
    if name not in known:
        return ""
    return ", " + words.format(_number(known[name]), s="" if known[name] == 1 else "s")


def _number(value: Any) -> str:
    return count(value) if isinstance(value, int) else str(value)
