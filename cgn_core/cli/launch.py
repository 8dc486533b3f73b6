"""``python -m cgn_core.cli.launch NAME SIGNAL COMMAND…``: becomes COMMAND, recorded, and tied to its parent's life."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from cgn_core.cli.processes import die_with_parent, record

RECORDS = "run"
"""Where the records lie, below the working directory, which is the data directory."""


def main(arguments: list[str]) -> None:
    """Record this process under a name, ask for a signal when the parent dies, become the command."""
    name, wanted, *command = arguments
    record(Path(RECORDS), name)
    die_with_parent(signal.Signals[wanted])
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
