"""No name, address or caption of a third person that a file holds is stored anywhere or written to any log."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from typing import Any

import pytest
from any_rows import contents
from seed_files import SEEDS, delimited, many_creators, own_table, sheet_of, workbook_members, zipped
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Arrival, Competitor, DataVersion, Upload, Workspace
from cgn_core.db.session import engine, reading
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.jobs import claimed
from cgn_core.services import arrivals, imports
from cgn_core.services.competitors import add_competitor
from cgn_core.services.upload_previews import unpack_table

MARK = "Zuleika-Privat"
"""A name that stands in no seed, no word list and no test data of ours."""

pytestmark = pytest.mark.usefixtures("sent_jobs")


def with_column(rows: list[list[str]], name: str = "caption") -> list[list[str]]:
    header, *rest = rows
    return [[*header, name], *([*row, f"with {MARK} {number}"] for number, row in enumerate(rest))]


def marked_download() -> bytes:
    """Instagram's download in which followers, captions, paths and every other text are of a third person."""

    def mark(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: mark(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [mark(each, key) for each in value]
        return f"{value} {MARK}" if isinstance(value, str) else value

    with zipfile.ZipFile(io.BytesIO(SEEDS["instagram.zip"])) as archive:
        members = {name: json.dumps(mark(json.loads(archive.read(name)))) for name in archive.namelist()}
    return zipped({**members, "messages/inbox/friend_1/message_1.json": json.dumps({"title": MARK})})


def doubled(rows: list[list[str]]) -> list[list[str]]:
    """A day twice, a number that is none, and a row cut short: what is left out and what findings speak of."""
    *most, last = with_column(rows)
    return [*most, last, [last[0], "999", *last[2:]], [*last[:-1], f"{MARK} again"]]


MARKED: dict[str, bytes] = {
    "own.csv": delimited(with_column(own_table())).encode(),
    "excel.csv": delimited(with_column(own_table(), "Beschreibung"), mark=";", end="\r\n").encode("utf-8-sig"),
    "own.tsv": delimited(with_column(own_table()), mark="\t").encode("utf-16"),
    "doubled.csv": delimited(doubled(own_table())).encode(),
    "creators.csv": delimited(with_column([line.split(",") for line in many_creators().splitlines()])).encode(),
    "public.csv": SEEDS["public.csv"].replace(b",month,", b",liked_by,").replace(b",3,1,0", f",3,{MARK},0".encode()),
    "sprout.csv": SEEDS["sprout.csv"].replace(b"Instagram", f"Instagram {MARK}".encode()),
    "content.csv": SEEDS["content.csv"].replace(b"A walk", f"A walk with @{MARK}".encode()).replace(
        b"/p/", f"/p/{MARK}".encode()
    ),
    "instagram.zip": marked_download(),
    "own.xlsx": zipped(workbook_members(sheet_of(with_column(own_table())))),
    "records.json": json.dumps([{**row, "comment_by": MARK} for row in json.loads(SEEDS["records.json"])]).encode(),
    "nested.json": json.dumps({**json.loads(SEEDS["nested.json"]), "friends": [MARK]}).encode(),
    "lines.json": "\n".join(
        json.dumps({**json.loads(line), "by": MARK}) for line in SEEDS["lines.json"].decode().splitlines()
    ).encode(),
}  # fmt: skip
"""Every format with a place for words, a third person's in each of them."""


def stored() -> str:
    """Every cell of the database as text; packed tables unpacked."""
    with engine().begin() as connection:
        rows = contents(connection)
    with reading() as session:
        packed = [*session.scalars(select(DataVersion.table)), *session.scalars(select(Competitor.table))]
        uploads = [table for tables in session.scalars(select(Upload.tables)) for _, table in tables["creators"]]
    tables = [daily_from_bytes(table) for table in packed] + [unpack_table(table) for table in uploads]
    return f"{rows} {[(table.frame.to_csv(), table.creator) for table in tables]}"


def test_the_check_itself_sees_a_name_that_is_stored(session: Session, workspace: Workspace) -> None:
    session.get_one(Workspace, workspace.id).handle = MARK
    session.commit()
    assert MARK in stored()


def test_what_is_found_in_a_large_file_is_kept_without_words(
    session: Session, strategist: Actor, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays in the database while somebody decides; the file's pieces go with the decision, or after a day."""
    monkeypatch.setattr(arrivals, "PIECE_BYTES", 100_000)
    data = MARKED["own.csv"].replace(b"2026-01-20", b"20 26-01-20")
    large = arrivals.begin_arrival(
        session, strategist, workspace_id=workspace.id, file_name="large.csv", size=len(data)
    )
    arrivals.add_piece(session, strategist, large, number=0, content=data)
    job_id = arrivals.request_reading(session, strategist, large, key="k")
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        arrivals.run(claim)
    session.expire_all()
    view = session.get_one(Arrival, large).view
    assert view is not None
    assert view["findings"]
    assert MARK not in json.dumps(view)


@pytest.mark.parametrize("name", MARKED)
def test_a_third_person_in_a_file_reaches_neither_the_database_nor_the_logs(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert MARK.encode() in MARKED[name] or name.endswith((".zip", ".xlsx", ".tsv"))
    files = [(name, MARKED[name])]
    if name in {"content.csv", "instagram.zip"}:
        files.append(("Follows.csv", SEEDS["Follows.csv"]))
    with caplog.at_level(logging.DEBUG):
        read = imports.read_uploads(session, strategist, workspace_id=workspace.id, files=files)
        session.commit()
        assert MARK not in stored(), "the upload that awaits a decision"
        if read.id is None:  # it leaves something open: answer as proposed, or with the first that imports
            answers = {each.key: each.choices[-1].value for each in read.questions}
            read = imports.read_uploads(session, strategist, workspace_id=workspace.id, files=files, answers=answers)
            session.commit()
        assert read.id is not None, read.findings
        done = imports.import_upload(
            session, strategist, read.id, key="k", handles={each.name: each.handle or "one" for each in read.creators}
        )
        session.commit()
    assert any(one.changed for one in done)
    assert MARK not in stored()
    assert MARK not in caplog.text
    assert MARK not in json.dumps(read.report)


def test_of_a_competitors_file_only_its_own_name_and_numbers_are_kept(
    session: Session, strategist: Actor, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """The competing account's handle is what somebody compares with; nobody else in the file is."""
    with caplog.at_level(logging.DEBUG):
        read = imports.read_uploads(
            session, strategist, workspace_id=workspace.id, files=[("rival.csv", MARKED["own.csv"])]
        )
        assert read.id is not None
        (view,) = add_competitor(session, strategist, workspace.id, read.id)
        session.commit()
    assert view.name == "rival"
    assert MARK not in stored()
    assert MARK not in caplog.text


def test_a_refused_file_leaves_nothing_of_what_it_holds(
    session: Session, strategist: Actor, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    broken = f"date,followers,caption\n2026-01-05,many,{MARK}\n".encode()
    with caplog.at_level(logging.DEBUG):
        read = imports.read_uploads(session, strategist, workspace_id=workspace.id, files=[("broken.csv", broken)])
        session.commit()
    assert read.id is None
    assert MARK not in stored()
    assert MARK not in caplog.text
