"""``cgn backup`` as an administrator uses it: into a file or a pipe, checked, put back, each refusal in a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cgn_core.access import Actor
from cgn_core.cli.data_directory import DataDirectory
from cgn_core.db.migrate import upgrade_database
from cgn_core.db.session import engine, forget_engine, transaction
from cgn_core.services.audit import AuditAction, record

CGN = Path(sys.executable).with_name("cgn")
SECRET = "kept-secret-of-the-embedded-product-0123456789"


def cgn(*arguments: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    variables = {**os.environ, **environment}
    return subprocess.run([CGN, "backup", *arguments], input=given, capture_output=True, check=False, env=variables)


@pytest.fixture
def directory(tmp_path: Path, change_settings: Callable[..., None]) -> Path:
    """The data directory of an embedded product that isn't running, with one agency in it."""
    from cgn_core.services.accounts import create_agency_with_owner

    home = DataDirectory.prepare(tmp_path / "data").path
    change_settings(data_dir=home, database_url="", database_owner_url="")
    forget_engine()
    (home / "secret-key").write_text(SECRET)
    upgrade_database(engine())
    with transaction() as session:
        account = create_agency_with_owner(
            session, agency="Northlight", email="o@agency.example", name="O", password="a long enough pass phrase"
        )
        actor: Actor = account.actor
    with transaction() as session:
        record(session, actor, AuditAction.EXPORTED, n=1)
    forget_engine()
    return home


def test_created_verified_wiped_and_restored(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    made = json.loads(cgn("create", str(file), "--json").stdout)
    assert made["tables"]["agencies"] == 1
    assert made["audit"]["lines"] >= 1
    assert made["problems"] == []
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(cgn("verify", str(file), "--json").stdout)["parts"] == made["parts"]

    for one in directory.iterdir():
        one.unlink() if one.is_file() else None
    restored = cgn("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert b"lines in the audit log" in restored.stdout
    assert (directory / "secret-key").read_text() == SECRET
    assert (directory / "cgn.db").stat().st_mode & 0o777 == 0o600
    checked = subprocess.run([CGN, "db", "verify-audit"], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_a_backup_goes_through_pipes(directory: Path) -> None:
    made = cgn("create", "-").stdout
    assert cgn("verify", "-", given=made).returncode == 0
    broken = cgn("verify", "-", given=made[:-9])
    assert broken.returncode == 1
    assert broken.stderr.count(b"\n") == 1
    (directory / "cgn.db").unlink()
    restored = cgn("restore", "-", given=made)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.startswith(b"-: made ")
    assert (directory / "cgn.db").exists()


def test_a_flipped_byte_is_one_sentence_and_changes_nothing(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    cgn("create", str(file))
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)
    before = (directory / "cgn.db").read_bytes()
    for command in (["verify"], ["restore", "--force"]):
        refused = cgn(*command, str(file))
        assert refused.returncode == 1
        assert refused.stderr == f"{file} is damaged: it isn't what was written; take another one.\n".encode()
    assert (directory / "cgn.db").read_bytes() == before


def test_nothing_is_written_over_and_nothing_is_left_half_written(directory: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.zip"
    there.write_text("mine")
    assert cgn("create", str(there)).stderr == f"{there} is there already; name another file.\n".encode()
    assert there.read_text() == "mine"
    nowhere = cgn("create", str(tmp_path / "no" / "folder.zip"))
    assert nowhere.returncode == 1
    assert b"can't be written (no such file or directory)" in nowhere.stderr
    refused = cgn("create", str(tmp_path / "x.zip"), CGN_DATA_DIR=str(tmp_path / "empty"))
    assert refused.returncode == 1
    assert b"There is no database at" in refused.stderr
    full = cgn("create", "/dev/full")
    assert full.returncode == 1
    assert b"is there already" in full.stderr
    assert sorted(one.name for one in tmp_path.glob("*.zip*")) == ["there.zip"]
    assert [one.name for one in directory.iterdir() if one.name.startswith(".")] == []


def test_a_running_product_is_not_replaced(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    cgn("create", str(file))
    with DataDirectory(directory).locked():
        refused = cgn("restore", str(file), "--force")
    assert refused.returncode == 1
    assert f"already runs on the data directory {directory}".encode() in refused.stderr
