"""``cgn backup``: one file of everything that is stored, checked to its last byte, and put back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from cgn_core.cli.output import Json, complain, print_json, say
from cgn_core.errors import SetupError

if TYPE_CHECKING:
    from cgn_core.db.backups.archive import Manifest

STANDARD = "-"
"""Names the standard output to write to, or the standard input to read from."""

backup = typer.Typer(name="backup", help="Backups.", no_args_is_help=True, add_completion=False)
File = Annotated[str, typer.Argument(help="The backup; - is standard input.")]


@backup.callback()
def _backup() -> None:
    """Backups of everything that is stored."""


@backup.command("create")
def create(
    file: Annotated[
        str | None,
        typer.Argument(help="The file to write, new; - is standard output.  [default: one named after the time]"),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Write everything that is stored into one file, while the product runs."""
    from cgn_core.cli.prepare import unreachable
    from cgn_core.services.backups import create_backup

    target = file or f"cgn-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip"
    with unreachable("The database can't be backed up"), _opened(target) as output:
        manifest = create_backup(output)
    if target != STANDARD:
        _tell(manifest, as_json=as_json, file=target)
    for problem in manifest.problems:
        complain(f"{problem} The backup holds it as it is.")


@backup.command("verify")
def verify(file: File, *, as_json: Json = False) -> None:
    """Read a backup to its last byte; exit 1 where it isn't what was written."""
    from cgn_core.services.backups import verify_backup

    with _at_hand(file) as there:
        _tell(verify_backup(there), as_json=as_json, file=file)


@backup.command("restore")
def restore(
    file: File,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a database that holds something.")] = False,
    despite_problems: Annotated[
        bool, typer.Option("--despite-problems", help="Restore it even where a chain or a seal in it is broken.")
    ] = False,
    keep_sessions: Annotated[
        bool, typer.Option("--keep-sessions", help="Let the sign-ins in it live; one ended since lives again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of an empty database, all of it or nothing; the product has to be stopped."""
    from cgn_core.cli.prepare import unreachable
    from cgn_core.services.backups import restore_backup

    with _nobody_else(), unreachable("The backup can't be restored"), _at_hand(file) as there:
        restored = restore_backup(there, force=force, despite_problems=despite_problems, keep_sessions=keep_sessions)
    ended = {"sessions_ended": restored.sessions_ended, "problems": [*restored.problems]}
    _tell(restored.manifest, as_json=as_json, file=file, **ended)
    for problem in restored.problems:
        complain(problem)


@contextlib.contextmanager
def _opened(target: str) -> Iterator[BinaryIO]:
    """The file to write to, which only its owner can read; whole, or not there at all.

    Raises:
        SetupError: it is there already, or can't be written.
    """
    if target == STANDARD:
        yield sys.stdout.buffer
        return
    file = Path(target)
    partial = file.with_name(f"{file.name}.partial")
    try:
        if file.exists():
            raise SetupError(f"{file} is there already; name another file.")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as output:
                yield output
                output.flush()
                os.fsync(output.fileno())
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"{file} can't be written ({(error.strerror or str(error)).lower()}).") from error


@contextlib.contextmanager
def _at_hand(file: str) -> Iterator[Path]:
    """The file to read, of which any part is read at any time: standard input is kept in one meanwhile.

    Raises:
        SetupError: there is no room for it.
    """
    if file != STANDARD:
        yield Path(file)
        return
    with contextlib.ExitStack() as until_read:
        try:
            kept = until_read.enter_context(tempfile.NamedTemporaryFile(prefix="standard-input-", suffix=".zip"))
            shutil.copyfileobj(sys.stdin.buffer, kept)
            kept.flush()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SetupError(f"Standard input can't be kept in {tempfile.gettempdir()} ({reason}).") from error
        yield Path(kept.name)


@contextlib.contextmanager
def _nobody_else() -> Iterator[None]:
    """Keep ``cgn up`` away from the data directory while its database is replaced."""
    from cgn_core.cli.data_directory import DataDirectory
    from cgn_core.settings import settings

    if settings().database_url:
        yield
        return
    directory = DataDirectory.prepare(settings().data_dir)
    with directory.locked():
        yield


def _tell(manifest: Manifest, *, as_json: bool, file: str, **more: Any) -> None:
    if as_json:
        told = asdict(manifest)
        told.pop("columns")
        print_json({"file": file, **told, **more})
        return
    say(f"{file}: made {manifest.made_at} of {manifest.server}, schema {manifest.schema}, version {manifest.version}")
    say(
        f"  {sum(manifest.tables.values()):,} rows of {len(manifest.tables)} tables, "
        f"{manifest.ledger.get('forecasts', 0):,} forecasts in the ledger, "
        f"{manifest.audit['lines']:,} lines in the audit log"
    )
    if more.get("sessions_ended"):
        say(f"  {more['sessions_ended']:,} sign-ins were ended: everybody signs in anew")
