"""``cgn db verify-audit``: whether the audit log is what was written."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from cgn_core.cli.output import Json, complain, print_json, say


def verify_audit(
    *,
    heads: Annotated[
        list[typer.FileText] | None,
        typer.Option(help="A log, or a copy of audit-heads, that tells where the lines ended; - is standard input."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every line of the audit log, that none is missing, and that none was cut off its end; exit 1 otherwise."""
    from cgn_core.db.session import reading
    from cgn_core.services.audit_checks import check_audit
    from cgn_core.services.audit_heads import heads_file, read_heads

    lines = [line for file in heads or () for line in file]
    with contextlib.suppress(FileNotFoundError):
        lines += heads_file().read_text("ascii", errors="replace").splitlines()
    with reading() as session:
        found = check_audit(session, read_heads(lines))
    if as_json:
        counts = {"agencies": found.agencies, "lines": found.lines}
        print_json({"whole": not found.problem, **counts, "problem": found.problem})
    elif not found.problem:
        agencies = "one agency" if found.agencies == 1 else f"{found.agencies:,} agencies"
        say(f"The audit log is whole: {found.lines:,} lines of {agencies}.")
    if found.problem:
        complain(found.problem)
        raise typer.Exit(1)
