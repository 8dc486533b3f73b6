"""Who acts, and what each role may do. One table; services ask it, pages hide by it, the API answers by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cgn_core.errors import Forbidden


class Role(StrEnum):
    """A user's place in the agency."""

    OWNER = "owner"
    STRATEGIST = "strategist"
    VIEWER = "viewer"


class Action(StrEnum):
    """What can be asked of the product."""

    READ = "read"
    EXPORT = "export"
    EDIT_WORKSPACE = "edit_workspace"
    IMPORT_DATA = "import_data"
    RUN_JOBS = "run_jobs"
    PROMOTE_MODELS = "promote_models"
    WRITE_NOTES = "write_notes"
    SHARE_SCENARIOS = "share_scenarios"
    CREATE_WORKSPACE = "create_workspace"
    DELETE_WORKSPACE = "delete_workspace"
    MANAGE_ACCESS = "manage_access"
    SEE_TEAM = "see_team"
    MANAGE_TEAM = "manage_team"
    INVITE = "invite"
    MAKE_TOKENS = "make_tokens"
    MANAGE_TOKENS = "manage_tokens"
    READ_AUDIT = "read_audit"
    REQUIRE_SECOND_FACTOR = "require_second_factor"
    EDIT_AGENCY = "edit_agency"


@dataclass(frozen=True)
class Capability:
    """A row of the table: an action, in words, and the roles that may."""

    action: Action
    words: str
    roles: frozenset[Role]


EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.OWNER, Role.STRATEGIST})
OWNERS = frozenset({Role.OWNER})

CAPABILITIES = (
    # Inside the workspaces that somebody is let into (cgn_core.db.workspaces decides which).
    Capability(Action.READ, "See a workspace: numbers, forecasts, models, plans, reports, jobs", EVERYBODY),
    Capability(Action.EXPORT, "Download what one sees", EVERYBODY),
    Capability(Action.EDIT_WORKSPACE, "Change a workspace's settings, competitors and reports", STAFF),
    Capability(Action.IMPORT_DATA, "Import, repair, undo and restore data", STAFF),
    Capability(Action.RUN_JOBS, "Retrain, validate, report, mail; cancel, retry and schedule jobs", STAFF),
    Capability(Action.PROMOTE_MODELS, "Put a model version in force, or an earlier one back", STAFF),
    Capability(Action.WRITE_NOTES, "Pin notes to weeks", STAFF),
    Capability(Action.SHARE_SCENARIOS, "Save scenarios for the team", STAFF),
    # In the agency as a whole.
    Capability(Action.CREATE_WORKSPACE, "Make workspaces", STAFF),
    Capability(Action.DELETE_WORKSPACE, "Delete a workspace with everything in it", OWNERS),
    Capability(Action.MANAGE_ACCESS, "Restrict a workspace; let members in and out", OWNERS),
    Capability(Action.SEE_TEAM, "See who belongs to the agency", STAFF),
    Capability(Action.MANAGE_TEAM, "Change roles; disable, enable and remove members; reset their passwords", OWNERS),
    Capability(Action.INVITE, "Invite people and take invitations back", OWNERS),
    Capability(Action.MAKE_TOKENS, "Make API tokens for oneself, and take them back", STAFF),
    Capability(Action.MANAGE_TOKENS, "See and take back everybody's API tokens", OWNERS),
    Capability(Action.READ_AUDIT, "Read the audit log", OWNERS),
    Capability(Action.REQUIRE_SECOND_FACTOR, "Require a second factor of everybody", OWNERS),
    Capability(Action.EDIT_AGENCY, "Change the agency's name, time zone, colour and retention", OWNERS),
)
"""The one place that says what a role may do; docs/architecture.md shows it."""

ALLOWED: dict[Role, frozenset[Action]] = {
    role: frozenset(each.action for each in CAPABILITIES if role in each.roles) for role in Role
}


OPERATOR = UUID(int=0)
"""Stands for whoever runs the installation and uses the command line: they are nobody's member."""

IN_A_WORKSPACE = frozenset(
    {
        Action.READ,
        Action.EXPORT,
        Action.EDIT_WORKSPACE,
        Action.IMPORT_DATA,
        Action.RUN_JOBS,
        Action.PROMOTE_MODELS,
        Action.WRITE_NOTES,
        Action.SHARE_SCENARIOS,
        Action.DELETE_WORKSPACE,
        Action.MANAGE_ACCESS,
    }
)
"""What is asked of one workspace, not of the agency as a whole."""


def reaches(role: Role, other: Role) -> bool:
    """Whether a role may do all that another may."""
    return ALLOWED[other] <= ALLOWED[role]


@dataclass(frozen=True)
class Actor:
    """The user on whose behalf a service runs: signed in, or standing behind an API token."""

    user_id: UUID
    agency_id: UUID
    role: Role
    """What they may do."""
    name: str = ""
    token_id: UUID | None = None
    """The API token that acts for the user; None for someone who is signed in."""
    sees_as: Role | None = None
    """Whose workspaces they see; None those of ``role``. A token that may do less sees as much as who made it."""
    only: frozenset[UUID] | None = None
    """The workspaces that a token is limited to; None is no limit."""

    @property
    def stored_id(self) -> UUID | None:
        """The user to store as the one who did it; None for the command line, which is no user."""
        return None if self.user_id == OPERATOR else self.user_id

    def may(self, action: Action) -> bool:
        """Whether this actor's role allows the action; a token of some workspaces does nothing to the whole agency."""
        return action in ALLOWED[self.role] and (self.only is None or action in IN_A_WORKSPACE)

    @property
    def sees_the_agency(self) -> bool:
        """Whether what belongs to no single workspace is theirs to see and ask for."""
        return self.only is None

    def require_agency(self) -> None:
        """Raise Forbidden for a token that is limited to some workspaces."""
        if not self.sees_the_agency:
            raise Forbidden("This API token is limited to some workspaces; name one of them.")

    def require(self, action: Action) -> None:
        """Raise Forbidden unless the role allows the action."""
        if not self.may(action):
            raise Forbidden
