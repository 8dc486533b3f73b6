"""Services that administer a team: what they are called with, and which of them name an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.services import (
    agencies,
    audit_lines,
    invitations,
    members,
    password_resets,
    removals,
    retention,
    workspace_access,
    workspace_archives,
)


@dataclass(frozen=True)
class Team:
    """The objects of one agency that others try to reach."""

    workspace: UUID
    member: UUID
    removed: UUID
    invitation: UUID
    revoked: UUID


Call = Callable[[Session, Actor, Team], object]

NAMING: dict[str, Call] = {
    "invitations.invite": lambda s, a, x: invitations.invite(
        s, a, "new@brand.example", Role.VIEWER, workspace_ids=[x.workspace]
    ),
    "invitations.resend_invitation": lambda s, a, x: invitations.resend_invitation(s, a, x.invitation),
    "invitations.restore_invitation": lambda s, a, x: invitations.restore_invitation(s, a, x.revoked),
    "invitations.revoke_invitation": lambda s, a, x: invitations.revoke_invitation(s, a, x.invitation),
    "members.change_role": lambda s, a, x: members.change_role(s, a, x.member, Role.VIEWER),
    "members.disable_member": lambda s, a, x: members.disable_member(s, a, x.member),
    "members.enable_member": lambda s, a, x: members.enable_member(s, a, x.member),
    "members.remove_member": lambda s, a, x: members.remove_member(s, a, x.member),
    "members.restore_member": lambda s, a, x: members.restore_member(s, a, x.removed),
    "password_resets.issue_reset_link": lambda s, a, x: password_resets.issue_reset_link(s, a, x.member),
    "removals.delete_workspace": lambda s, a, x: removals.delete_workspace(s, a, x.workspace, typed="lena.moves"),
    "workspace_archives.request_workspace_export": lambda s, a, x: workspace_archives.request_workspace_export(
        s, a, x.workspace, key="k"
    ),
    "workspace_access.get_access": lambda s, a, x: workspace_access.get_access(s, a, x.workspace),
    "workspace_access.grant_access": lambda s, a, x: workspace_access.grant_access(s, a, x.workspace, x.member),
    "workspace_access.revoke_access": lambda s, a, x: workspace_access.revoke_access(s, a, x.workspace, x.member),
    "workspace_access.set_restricted": lambda s, a, x: workspace_access.set_restricted(
        s, a, x.workspace, restricted=True
    ),
}
"""They name an object, and only owners may."""
LISTING: dict[str, Call] = {
    "agencies.edit_agency": lambda s, a, _: agencies.edit_agency(
        s, a, name="Other", time_zone="UTC", brand_colour="#000000"
    ),
    "audit_lines.audit_choices": lambda s, a, _: audit_lines.audit_choices(s, a),
    "audit_lines.audit_csv": lambda s, a, _: audit_lines.audit_csv(s, a, audit_lines.read_filter()),
    "audit_lines.list_audit": lambda s, a, _: audit_lines.list_audit(s, a, audit_lines.read_filter()),
    "invitations.list_invitations": lambda s, a, _: invitations.list_invitations(s, a),
    "retention.set_retention": lambda s, a, _: retention.set_retention(s, a, files_kept_days=5, jobs_kept_days=None),
    "workspace_access.list_access": lambda s, a, _: workspace_access.list_access(s, a),
}
"""They name none, and only owners may."""
EVERYBODYS = {
    "agencies.get_agency", "members.get_member", "members.list_members", "own_data.export_own_data",
    "profiles.choose_number_format", "profiles.number_format", "profiles.rename", "removals.delete_user",
    "retention.get_retention",
}  # fmt: skip
"""What they show or change is the actor's, or their agency's; proven where they are tested."""
ALL = {*NAMING, *LISTING, *EVERYBODYS}
