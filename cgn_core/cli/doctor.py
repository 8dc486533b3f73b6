"""``cgn doctor``: what is wrong with this set-up, each by its cause, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cgn_core.cli.output import Json, print_json, say
from cgn_core.errors import SetupError

MARKS = {"ok": "ok      ", "problem": "PROBLEM ", "unknown": "unknown "}


def doctor(
    *,
    data_dir: Annotated[
        Path | None, typer.Option(help="The data directory of the `cgn up` to look at.  [default: CGN_DATA_DIR]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at everything that the product needs; exit 1 where something is wrong.

    Raises:
        SetupError: a setting has a value that it can't have, so that no process would start.
    """
    import os

    from cgn_core.services.setup_checks import check_setup
    from cgn_core.settings import settings

    if data_dir is not None:
        os.environ["CGN_DATA_DIR"] = str(data_dir.expanduser().absolute())
        settings.cache_clear()
    try:
        settings()
    except ValidationError as error:
        raise SetupError(" ".join(_spoken(one) for one in error.errors())) from None
    findings = check_setup()
    problems = [one for one in findings if one.verdict == "problem"]
    if as_json:
        print_json({"healthy": not problems, "checks": [asdict(one) for one in findings]})
    else:
        for one in findings:
            say(f"{MARKS[one.verdict]}{one.check}: {one.sentence}")
            if one.remedy:
                say(f"        -> {one.remedy}")
        say(
            "Nothing is wrong." if not problems else f"{len(problems)} problem{'s' if len(problems) > 1 else ''} found."
        )
    if problems:
        raise typer.Exit(1)


def _spoken(error: Any) -> str:
    """Which variable is wrong and why; never its value, which may be a secret."""
    variable = "_".join(str(part) for part in error["loc"]).upper()
    return f"CGN_{variable.removeprefix('CGN_')} has a value that it can't have: {error['msg'].lower()}."
