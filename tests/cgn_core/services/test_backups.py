"""A backup is everything at one moment; any changed byte is found; a restore is all of it or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from any_rows import contents, fill
from sqlalchemy import delete, func, select
from sqlalchemy.engine import make_url

from cgn_core.access import Actor
from cgn_core.cli.prepare import upgrade
from cgn_core.db.backups.archive import DamagedBackup, Manifest, Reader, Writer
from cgn_core.db.heartbeats import beat
from cgn_core.db.migrate import move_database, revisions
from cgn_core.db.models import Agency, Heartbeat, LedgerEntry, ModelVersion, UserSession, Workspace, now
from cgn_core.db.session import engine, forget_engine, make_engine, owner_url, reading, transaction
from cgn_core.errors import Conflict, InvalidInput, SetupError
from cgn_core.services import backups
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.audit_checks import check_audit
from cgn_core.services.audit_heads import heads_file, read_heads
from cgn_core.services.backups import create_backup, restore_backup, verify_backup
from cgn_core.services.ledger import append

KEY = "a-key-of-these-tests-0123456789-abcdef"
Everything = dict[str, list[dict[str, Any]]]


@pytest.fixture
def filled(owner: Actor, workspace: Workspace, change_settings: Callable[..., None], tmp_path: Path) -> Everything:
    """Rows in every table, the chains among them whole."""
    change_settings(secret_key=KEY, data_dir=tmp_path / "first")
    (tmp_path / "first").mkdir()
    with transaction() as session:
        version = ModelVersion(
            workspace_id=workspace.id, number=1, job_id=None, data_version=1, data_hash="", code_version="",
            settings={}, chosen="ols", verdict="beats_naive", training={"ä": [1.5, None]},
        )  # fmt: skip
        session.add(version)
        session.flush()
        for week in range(3):
            append(session, entry(workspace, version, week))
        session.add(UserSession(token_hash="t", stamp="", user_id=owner.user_id, expires_at=now() + timedelta(days=1)))
        record(session, owner, AuditAction.EXPORTED, n=1)
    with engine().begin() as connection:
        connection.execute(delete(Heartbeat))
        fill(connection)
    return everything()


def entry(workspace: Workspace, version: ModelVersion, week: int) -> LedgerEntry:
    return LedgerEntry(
        workspace_id=workspace.id, number=0, model_version_id=version.id, week_start=now().date() + timedelta(week),
        plan={"reels": 2.0}, level=0.9, median=1.0, expected=1.5, low=-3.0, high=9.0, naive=0.0, chain_hash="",
    )  # fmt: skip


def everything() -> Everything:
    with engine().begin() as connection:
        return contents(connection)


def backed_up(tmp_path: Path, name: str = "backup.zip") -> tuple[Path, Manifest]:
    file = tmp_path / name
    with file.open("wb") as output:
        return file, create_backup(output)


@pytest.fixture
def elsewhere(
    own_database: Callable[[str], str], change_settings: Callable[..., None], tmp_path: Path
) -> Callable[[], None]:
    """``elsewhere()``: the settings now name an empty database of the same kind, and an empty data directory."""

    def go() -> None:
        kind = engine().dialect.name
        forget_engine()
        (tmp_path / "second").mkdir(exist_ok=True)
        url = make_url(own_database(kind))
        application = url if kind == "sqlite" else url.set(username="cgn_tested")
        change_settings(
            database_url=application.render_as_string(hide_password=False),
            database_owner_url="" if kind == "sqlite" else url.render_as_string(hide_password=False),
            data_dir=tmp_path / "second",
        )

    return go


def without_ends(found: Everything) -> Everything:
    """Everything but when sign-ins ended, what ends with them, and what workers said last."""
    return {
        name: [{key: value for key, value in row.items() if key != "revoked_at"} for row in rows]
        for name, rows in found.items()
        if name not in {"heartbeats", "password_resets", "pending_sign_ins"}
    }


def test_everything_comes_back_as_it_was(filled: Everything, elsewhere: Callable, tmp_path: Path) -> None:
    file, manifest = backed_up(tmp_path)
    assert all(filled.values())
    assert verify_backup(file) == manifest
    assert manifest.problems == []
    assert manifest.tables == {name: len(rows) for name, rows in filled.items()}
    assert manifest.ledger["forecasts"] == 3

    elsewhere()
    restored = restore_backup(file)
    assert without_ends(everything()) == without_ends(filled)
    assert restored.problems == ()
    assert restored.sessions_ended >= 1
    assert everything()["password_resets"] == everything()["pending_sign_ins"] == []
    with reading() as session:
        assert session.scalar(select(func.count()).where(UserSession.revoked_at.is_(None))) == 0
        told = read_heads(heads_file().read_text().splitlines())
        assert [head.told for head in told] == manifest.audit["heads"]
        assert check_audit(session, told).problem == ""


def test_sign_ins_live_on_where_that_is_wanted(filled: Everything, elsewhere: Callable, tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    elsewhere()
    assert restore_backup(file, keep_sessions=True).sessions_ended == 0
    assert everything() == filled


def test_a_backup_with_a_flipped_byte_is_refused_wherever_it_is(
    filled: Everything, elsewhere: Callable, tmp_path: Path
) -> None:
    del filled
    file, _ = backed_up(tmp_path)
    elsewhere()
    whole, chance = file.read_bytes(), random.Random(5)
    damaged = tmp_path / "damaged.zip"
    places = [*range(60), *range(len(whole) - 200, len(whole)), *chance.sample(range(len(whole)), 100)]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        damaged.write_bytes(changed)
        with pytest.raises(DamagedBackup):
            restore_backup(damaged)
    for end in (0, 1, 70, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:end])
        with pytest.raises(DamagedBackup):
            verify_backup(damaged)
    with engine().begin() as connection:
        assert contents(connection) == {}, "nothing was restored"
    restore_backup(file)


def test_a_database_that_holds_something_is_replaced_only_by_force(filled: Everything, tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    with transaction() as session:
        session.add(Agency(name="Made since"))
    with pytest.raises(Conflict, match="already holds something"):
        restore_backup(file)
    with reading() as session:
        assert session.scalar(select(func.count()).where(Agency.name == "Made since")) == 1
    before = heads_file().read_text()
    restore_backup(file, force=True, keep_sessions=True)
    assert without_ends(everything()) == without_ends(filled)
    (kept,) = heads_file().parent.glob("audit-heads.before-restore-*")
    assert kept.read_text() == before


def test_a_database_on_which_a_worker_works_is_left_alone(filled: Everything, tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    with transaction() as session:
        beat(session, "worker:host-7:12")
    with pytest.raises(Conflict, match=r"A worker \(host-7:12\) was at work"):
        restore_backup(file, force=True)
    assert without_ends(everything()) == without_ends(filled)


def test_a_backup_sees_one_moment_however_busy_others_are(filled: Everything, tmp_path: Path) -> None:
    del filled
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with transaction() as session:  # both or neither
                session.add_all([Agency(name=f"pair {number}"), Agency(name=f"pair {number}")])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [backed_up(tmp_path, f"{number}.zip")[1].tables["agencies"] for number in range(4)]
    finally:
        stop.set()
        writer.join()
    assert {count % 2 for count in counts} == {counts[0] % 2}
    for number in range(4):
        verify_backup(tmp_path / f"{number}.zip")


def test_an_older_schema_is_brought_forward_when_it_is_restored(
    filled: Everything, elsewhere: Callable, tmp_path: Path
) -> None:
    owner = make_engine(owner_url())
    move_database(owner, revisions()[-2])
    file, manifest = backed_up(tmp_path)
    assert manifest.schema == revisions()[-2]
    owner.dispose()
    upgrade()  # the database may be shared with other tests
    elsewhere()
    restore_backup(file, despite_problems=True)
    found = everything()
    assert found.keys() == filled.keys()
    assert found["ledger"] == filled["ledger"]


def test_backups_of_another_database_or_a_newer_version_are_refused(
    filled: Everything, elsewhere: Callable, own_database: Callable, change_settings: Callable[..., None],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    del filled
    file, manifest = backed_up(tmp_path)
    elsewhere()
    with monkeypatch.context() as patched:
        patched.setattr(backups, "revisions", lambda: revisions()[:-1])
        with pytest.raises(InvalidInput, match="this version doesn't know"):
            restore_backup(file)
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[manifest.database]
    change_settings(database_url=own_database(other), database_owner_url="")
    with pytest.raises(InvalidInput, match="is a backup of"):
        restore_backup(file)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_that_somebody_rewrote_does_not_pass_the_chains(
    filled: Everything, database_url: str, elsewhere: Callable, tmp_path: Path
) -> None:
    del filled, database_url
    file, _ = backed_up(tmp_path)
    forged = forge(file, tmp_path, "UPDATE ledger SET median = median + 1 WHERE number = 2")
    elsewhere()
    with pytest.raises(Conflict, match=r"forecast 2 isn't what was written.*Nothing was changed"):
        restore_backup(forged)
    assert not Path(make_url(str(engine().url)).database or "").exists() or everything() == {}
    forget_engine()
    restored = restore_backup(forged, despite_problems=True)
    assert "forecast 2 isn't what was written" in restored.problems[0]


def forge(file: Path, tmp_path: Path, statement: str) -> Path:
    """The backup with another database in it, and checksums that fit."""
    reader = Reader(file)
    copy = tmp_path / "copy.db"
    reader.unpack("database.db", copy)
    with contextlib.closing(sqlite3.connect(copy)) as opened, opened:
        for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            opened.execute(f"DROP TRIGGER {name}")
        opened.execute(statement)
    forged = tmp_path / "forged.zip"
    with forged.open("wb") as output:
        writer = Writer(output)
        with writer.part("database.db") as part:
            part.copy_from(copy)
        writer.finish(dataclasses.asdict(reader.manifest))
    reader.close()
    return forged


def test_without_a_database_there_is_nothing_to_back_up(
    own_database: Callable[[str], str], change_settings: Callable[..., None], tmp_path: Path
) -> None:
    for kind in ("sqlite", "postgresql"):
        change_settings(database_url=own_database(kind), database_owner_url="")
        with pytest.raises(SetupError), (tmp_path / f"{kind}.zip").open("wb") as output:
            create_backup(output)
    forget_engine()


def test_what_is_no_backup_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no backup at all " * 100)
    for file, sentence in ((tmp_path / "text.zip", "is no backup"), (tmp_path / "gone.zip", "can't be read")):
        with pytest.raises(InvalidInput, match=sentence):
            verify_backup(file)
