"""The checks that need no other process: the secret key, the disks, and settings that don't fit together."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from cgn_core.services.setup_checks.findings import Finding, ok, problem
from cgn_core.settings import Settings, weakness_of_secret

MEGABYTE = 1024 * 1024


def is_embedded(used: Settings) -> bool:
    """Whether ``cgn up`` looks after this set-up: nothing names a database of its own."""
    return used.embedded or not used.database_url


def secret_check(used: Settings) -> Finding:
    """Whether the key that signs is one that nobody guesses."""
    if is_embedded(used) and not used.secret_key:
        return ok("secret", "`cgn up` makes its own secret key and keeps it in the data directory.")
    weakness = weakness_of_secret(used.secret_key)
    if weakness:
        return problem(
            "secret",
            f"CGN_SECRET_KEY is weak: it {weakness}. Whoever guesses it can forge forms and open second factors.",
            'Set one made by `python -c "import secrets; print(secrets.token_urlsafe(48))"` for every process alike.',
        )
    return ok("secret", "CGN_SECRET_KEY is long enough and random.")


def disk_checks(used: Settings) -> Iterator[Finding]:
    """The data directory's disk where something is kept on it, and the one for temporary files."""
    places = {"temporary files": Path(tempfile.gettempdir())}
    if is_embedded(used):
        places = {"the data directory": used.data_dir} | places
    for what, folder in places.items():
        there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
        free = shutil.disk_usage(there).free // MEGABYTE
        if free < used.least_free_mb:
            yield problem(
                "disk",
                f"The disk of {what} ({folder}) is full: {free} MB are free and {used.least_free_mb} MB are needed.",
                "Make room, enlarge it, or choose another folder (CGN_DATA_DIR, TMPDIR).",
            )
        else:
            yield ok("disk", f"The disk of {what} has {free:,} MB free.")


def contradictions(used: Settings) -> Iterator[Finding]:
    """Settings that don't fit together; nothing where they do."""
    if used.sentry_dsn and find_spec("sentry_sdk") is None:
        yield problem(
            "errors", "CGN_SENTRY_DSN is set, but what hands errors on isn't installed: no process will start.",
            "Install creator-growth-navigator[sentry], or leave CGN_SENTRY_DSN empty.",
        )  # fmt: skip
    if used.smtp_host and not used.mail_from:
        yield problem(
            "mail", "CGN_SMTP_HOST is set without CGN_MAIL_FROM, so nothing can be mailed.",
            "Set CGN_MAIL_FROM to the address that messages come from.",
        )  # fmt: skip
    if not used.secure_cookies and not is_embedded(used):
        yield problem(
            "cookies", "CGN_SECURE_COOKIES is false, so that a session's cookie travels without TLS.",
            "Leave it true, and put a proxy that speaks TLS in front.",
        )  # fmt: skip
