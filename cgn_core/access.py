"""Who acts, and what each role may do. One table; services ask it, pages hide by it."""

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
    EDIT_WORKSPACE = "edit_workspace"
    IMPORT_DATA = "import_data"
    RUN_JOBS = "run_jobs"
    CREATE_WORKSPACE = "create_workspace"
    MANAGE_TEAM = "manage_team"


ALLOWED: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.STRATEGIST: frozenset(Action) - {Action.MANAGE_TEAM},
    Role.VIEWER: frozenset({Action.READ}),
}


@dataclass(frozen=True)
class Actor:
    """The signed-in user on whose behalf a service runs."""

    user_id: UUID
    agency_id: UUID
    role: Role
    name: str = ""

    def may(self, action: Action) -> bool:
        """Whether this actor's role allows the action."""
        return action in ALLOWED[self.role]

    def require(self, action: Action) -> None:
        """Raise Forbidden unless the role allows the action."""
        if not self.may(action):
            raise Forbidden
