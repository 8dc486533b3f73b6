"""A cell of the matrix: somebody tries something with ids, and is either answered or refused without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from .classes import EDITS, MINE, READS, Reach
from .people import COLLEAGUES, MAY, MAY_OF_AGENCY, Person
from .snapshots import Snapshot, Writes, fingerprint
from .world import AGENCY, SECRETS, Ids, World, nobodys

NOT_FOUND = ("it isn't yours to see", "it belongs to another agency")
FORBIDDEN = ("Your role doesn't allow this", "Ask an owner of your agency")
SIGNED_OUT = "You are signed out"
UNEXPECTED = "Reference:"
BY_ID = frozenset({READS, EDITS, MINE, Reach.MANAGES})
"""Reaches that an id decides about."""
MALFORMED = "x"
THEIRS, NOBODYS, ITS = "ids of the restricted workspace", "ids of nothing", "its"

Attempt = Callable[[Ids], TestResponse]
"""Tries it with these ids."""


class Matrix:
    """Runs cells, counts them, and puts the database back."""

    def __init__(self, world: World, snapshot: Snapshot, writes: Writes) -> None:
        self.world = world
        self._snapshot = snapshot
        self.writes = writes
        self._place = UUID(world.theirs["workspace"])
        self._before = fingerprint(), fingerprint(workspace_id=self._place)
        self.cells = 0

    def try_all(self, what: str, reach: Reach, person: Person, attempt: Attempt, kinds: frozenset[str]) -> None:
        """Every forgery of the ids that ``what`` takes, by one person."""
        if person is Person.NOBODY:
            self.cell(f"{what} by {person}", attempt(self.world.theirs), reach, person)
            return
        told: dict[str, tuple[int, str]] = {}
        for label, forged, allowed in self._forgeries(reach, person, kinds):
            named = f"{what} by {person} with {label}"
            self.writes.clear()
            answer = attempt(forged)
            self.cell(named, answer, reach, person, allowed=allowed)
            told[label] = _without(answer, forged)
            if self.writes:
                self._compare(named, reach, person, allowed=allowed)
        if reach in BY_ID and NOBODYS in told and person not in MAY[reach] and person is not Person.VIEWER:
            there, absent = told[THEIRS], told[NOBODYS]
            assert there == absent, f"{what} tells {person} whether the thing is there: {there} and {absent}"

    def put_back(self) -> None:
        """Undo what is not compared: sessions that a route ended."""
        self._snapshot.restore()

    def _compare(self, named: str, reach: Reach, person: Person, *, allowed: bool) -> None:
        if fingerprint() == self._before[0]:
            return
        assert allowed, f"{named} changed something"
        if reach not in BY_ID or person not in MAY[reach]:
            kept = fingerprint(workspace_id=self._place) == self._before[1]
            assert kept, f"{named} changed the restricted workspace"
        self._snapshot.restore()

    def _forgeries(self, reach: Reach, person: Person, kinds: frozenset[str]) -> Iterator[tuple[str, Ids, bool]]:
        theirs, own = self.world.theirs, self.world.own[person]
        ids = {kind for kind in kinds if isinstance(theirs.get(kind), str)} - {"key"}
        may = person in MAY[reach]
        yield THEIRS, theirs, may
        if reach not in BY_ID or not ids:
            return
        yield NOBODYS, nobodys(theirs), False
        yield "ids that are none", {**theirs, **dict.fromkeys(ids, MALFORMED)}, False
        if not may and len(ids) > 1:
            for kind in sorted(ids - ({"user"} if person in COLLEAGUES else set())):
                yield f"{ITS} {kind} among ids of their own", {**own, kind: theirs[kind]}, False
        if ids <= self.world.agencywide.keys():
            allowed = person in MAY_OF_AGENCY[MINE if "file" in ids else reach]
            yield "ids of the whole agency", {**theirs, **self.world.agencywide}, allowed

    def cell(
        self, named: str, answer: TestResponse, reach: Reach, person: Person, *, allowed: bool | None = None
    ) -> None:
        """Hold one answer against what the person may."""
        self.cells += 1
        text = answer.get_data().decode(errors="replace")
        assert answer.status_code < 500 or reach is Reach.PUBLIC, f"{named}: {answer.status_code}"
        assert UNEXPECTED not in text, f"{named} failed unexpectedly: {text[:400]}"
        may = person in MAY[reach] if allowed is None else allowed
        if person not in MAY[READS]:
            told = [word for word in SECRETS if word in text]
            assert not told, f"{named} was told {told}"
        if person in {Person.NOBODY, Person.OUTSIDER}:
            assert AGENCY not in text, f"{named} was told the agency's name"
        refusal = refusal_of(answer, text)
        if reach is Reach.PUBLIC:
            assert refusal != "forbidden", f"{named} was refused"
        elif may:
            assert not refusal, f"{named} was refused: {refusal}"
        elif f" with {ITS} " in named and not refusal:
            pass  # the id isn't looked at here: nothing was told, and that nothing was changed is seen to as well
        elif person is Person.NOBODY:
            assert refusal == "signed out", f"{named}: {answer.status_code} {text[:300]}"
        else:
            assert refusal in {"not found", "forbidden"}, f"{named} was not refused: {answer.status_code} {text[:300]}"


def _without(answer: TestResponse, ids: Mapping[str, Any]) -> tuple[int, str]:
    text = answer.get_data().decode(errors="replace")
    for kind, value in ids.items():
        if isinstance(value, str):
            text = text.replace(value, kind)
    return answer.status_code, text


def refusal_of(answer: TestResponse, text: str) -> str:
    """How an answer refuses; "" when it doesn't."""
    if answer.status_code == 401 or SIGNED_OUT in text:
        return "signed out"
    if answer.status_code in {302, 303} and answer.headers["Location"].split("?")[0] == "/sign-in":
        return "signed out"
    if answer.status_code == 404 or any(words in text for words in NOT_FOUND):
        return "not found"
    if answer.status_code == 403 or any(words in text for words in FORBIDDEN):
        return "forbidden"
    return ""
