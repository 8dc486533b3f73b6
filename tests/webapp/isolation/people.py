"""Who tries, and who may: the columns of the isolation matrix."""

from __future__ import annotations

from enum import StrEnum

from .classes import Reach


class Person(StrEnum):
    NOBODY = "nobody signed in"
    OUTSIDER = "another agency's owner"
    STRANGER = "a viewer without access"
    VIEWER = "a viewer with access"
    STRATEGIST = "a strategist with access"
    OUTSIDE = "a strategist outside the restricted workspace"
    OWNER = "the owner"


SIGNED_IN = frozenset(Person) - {Person.NOBODY}
COLLEAGUES = SIGNED_IN - {Person.OUTSIDER}
STAFF = frozenset({Person.STRATEGIST, Person.OUTSIDE, Person.OWNER})

MAY: dict[Reach, frozenset[Person]] = {
    Reach.PUBLIC: frozenset(Person),
    Reach.OWN: SIGNED_IN,
    # The outsider does it for an agency of their own; that nothing of ours moves is what the cell proves.
    Reach.STAFF: STAFF | {Person.OUTSIDER},
    Reach.OWNERS: frozenset({Person.OWNER, Person.OUTSIDER}),
    Reach.READS: frozenset({Person.VIEWER, Person.STRATEGIST, Person.OWNER}),
    Reach.EDITS: frozenset({Person.STRATEGIST, Person.OWNER}),
    Reach.MINE: frozenset({Person.OWNER}),
    Reach.MANAGES: frozenset({Person.OWNER}),
    Reach.NEVER: frozenset(),
}
"""Who may reach things of the restricted workspace, and of its owner."""

MAY_OF_AGENCY: dict[Reach, frozenset[Person]] = {
    Reach.OWN: COLLEAGUES,
    Reach.STAFF: STAFF,
    Reach.OWNERS: frozenset({Person.OWNER}),
    Reach.READS: STAFF,
    Reach.EDITS: STAFF,
    Reach.MINE: frozenset({Person.OWNER}),
    Reach.NEVER: frozenset(),
}
"""Who may reach things of the whole agency: a job, a schedule, a file of several workspaces."""
