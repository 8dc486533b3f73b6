"""Files that were read and await a decision: what is kept of them, and what importing them would change."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Upload, Workspace
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.questions import Question
from cgn_core.ingest.reading import Sample
from cgn_core.ingest.storage import daily_from_bytes, daily_to_bytes
from cgn_core.services.data_versions import Change, change_between, current_version
from cgn_core.tables import Daily


@dataclass(frozen=True)
class FindingView:
    """One finding of the reader; ``rows`` are line numbers in the file, the header is line 1."""

    severity: str
    code: str
    message: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class CreatorPreview:
    """What importing one creator of the file would do."""

    name: str
    """The creator's name in the file, "" where it names none."""
    handle: str
    """The workspace it would go to."""
    rows: int
    first_date: date
    last_date: date
    workspace_id: UUID | None
    """That workspace; None when importing would make it."""
    change: Change


@dataclass(frozen=True)
class PeerPreview:
    """Another account's numbers in the file, offered as a competitor."""

    name: str
    rows: int
    first_date: date
    last_date: date


@dataclass(frozen=True)
class UploadView:
    """A file that was read and awaits a decision."""

    id: UUID | None
    """None when the file has errors: then nothing was stored."""
    workspace_id: UUID | None
    file_name: str
    importable: bool
    report: dict[str, Any]
    """What ``cgn validate --json`` prints."""
    findings: tuple[FindingView, ...]
    creators: tuple[CreatorPreview, ...]
    competitors: tuple[PeerPreview, ...]
    questions: tuple[Question, ...] = ()
    """What the files leave open; those without a proposal must be answered before they can be imported."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By question key, those that were used."""
    remembered: frozenset[str] = frozenset()
    """Keys of answers that an earlier import gave."""
    samples: tuple[tuple[str, Sample], ...] = ()
    """File and first rows, of files with a question."""


def report_of(drop: Drop) -> dict[str, Any]:
    """What ``cgn validate --json`` prints of these files; rows left out stand once, with their file."""
    return drop.readings[0].to_json() if len(drop.readings) == 1 else {**drop.to_json(), "rejects": None}


def without_others(report: dict[str, Any]) -> dict[str, Any]:
    """The report of a file with several creators less what may be another's: rows left out, tables, lines."""
    less = {**report, "files": [without_others(each) for each in report["files"]]} if "files" in report else report
    findings = [{**finding, "rows": []} for finding in report["findings"]]
    return {**less, "rejects": None, "creators": [], "findings": findings}


def hash_of(drop: Drop) -> str:
    """SHA-256 of the file, or over those of several files in the order of their hashes."""
    hashes = sorted(reading.file_hash for reading in drop.readings)
    return hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def preview(
    session: Session, actor: Actor, workspace: Workspace | None, drop: Drop, *, upload_id: UUID | None
) -> UploadView:
    """What files hold, and what it would change in the workspaces the actor may edit."""
    previews = []
    for daily in drop.creators if drop.importable else ():
        target = workspace if len(drop.creators) == 1 else None
        if target is None and daily.creator:
            handle = daily.creator.strip().removeprefix("@")
            target = session.scalar(editable_workspaces(actor).where(Workspace.handle == handle))
        version = current_version(session, target, with_table=True) if target else None
        dates = daily.frame["date"]
        previews.append(
            CreatorPreview(
                name=daily.creator,
                handle=target.handle if target else daily.creator.strip().removeprefix("@"),
                rows=len(dates),
                first_date=dates.iloc[0].date(),
                last_date=dates.iloc[-1].date(),
                workspace_id=target.id if target else None,
                change=change_between(daily_from_bytes(version.table) if version else None, daily),
            )
        )
    return UploadView(
        id=upload_id,
        workspace_id=workspace.id if workspace else None,
        file_name=drop.name,
        importable=drop.importable,
        report=report_of(drop),
        findings=(
            *_another_creator(workspace, drop),
            *(
                FindingView(severity=finding.severity, code=finding.code, message=finding.message, rows=finding.rows)
                for finding in drop.findings
            ),
        ),
        creators=tuple(previews),
        competitors=tuple(
            PeerPreview(
                name=name,
                rows=len(daily.frame),
                first_date=daily.frame["date"].iloc[0].date(),
                last_date=daily.frame["date"].iloc[-1].date(),
            )
            for name, daily in drop.competitors.items()
        ),
        questions=drop.questions,
        answers=drop.answers,
        remembered=frozenset(
            key for key, value in drop.answers.items() if workspace is not None and workspace.answers.get(key) == value
        ),
        samples=tuple(
            (reading.file_name, reading.sample)
            for reading in drop.readings
            if reading.sample is not None and reading.questions
        ),
    )


def pack_tables(drop: Drop) -> dict[str, Any]:
    """The tables of files as an upload keeps them."""
    return {
        "creators": [[daily.creator, _pack(daily)] for daily in drop.creators],
        "competitors": [[name, _pack(daily)] for name, daily in drop.competitors.items()],
    }


def upload_creators(upload: Upload) -> list[Daily]:
    """The creators' tables of an upload."""
    return [unpack_table(packed) for _, packed in upload.tables["creators"]]


def upload_competitors(upload: Upload) -> dict[str, Daily]:
    """The other accounts' tables of an upload, by name."""
    return {name: unpack_table(packed) for name, packed in upload.tables["competitors"]}


def _pack(daily: Daily) -> str:
    return base64.b64encode(daily_to_bytes(daily)).decode("ascii")


def unpack_table(packed: str) -> Daily:
    """A table as an upload keeps it."""
    return daily_from_bytes(base64.b64decode(packed))


def _another_creator(workspace: Workspace | None, drop: Drop) -> tuple[FindingView, ...]:
    """A warning where the file names somebody else than the workspace it was dropped on."""
    named = {daily.creator.strip().removeprefix("@") for daily in drop.creators} - {""}
    if workspace is None or len(named) != 1 or {name.casefold() for name in named} == {workspace.handle.casefold()}:
        return ()
    (name,) = named
    sentence = (
        f"{drop.name} names {name}, and this is the workspace of {workspace.handle}: importing would mix two "
        "accounts. Go on only if both are the same one; else drop the file on New workspace."
    )
    return (FindingView(severity="warning", code="another_creator", message=sentence, rows=()),)
