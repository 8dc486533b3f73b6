"""``python tests/chaos/report.py FOLDER``: put what the long storms came to into docs/reliability.md.

A folder in which ``make hosts`` has left its ``hosts.json`` changes that part of the document instead.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
STORMS = "<!-- storms: begin -->", "<!-- storms: end -->"
HOSTS = "<!-- hosts: begin -->", "<!-- hosts: end -->"
COLUMNS = (
    ("database", "database"),
    ("seed", "seed"),
    ("jobs", "jobs done, each once"),
    ("kills", "workers killed"),
    ("whole", "of them with their program"),
    ("freezes", "frozen past the lease"),
    ("wipes", "Redis wiped"),
    ("hit", "faults in the middle of a job"),
    ("repeated", "jobs begun again"),
    ("most_attempts", "most attempts at one"),
    ("refused", "stale claims refused"),
    ("silence", "longest without progress"),
    ("drained", "drained after the last fault"),
    ("seconds", "the whole storm"),
)


def row_of(storm: dict[str, Any]) -> dict[str, str]:
    """The cells of a storm's row."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(storm["kinds"].items()))
    return {
        **{name: str(storm.get(name, "")) for name, _ in COLUMNS},
        "seed": str(storm["weather"]["seed"]),
        "jobs": f"{storm['done_once']} ({kinds})",
        "silence": f"{storm['longest_silence']:.1f} s",
        "drained": f"{storm['drained']:.1f} s",
        "seconds": f"{storm['seconds']:.0f} s",
    }


def table_of(storms: list[dict[str, Any]]) -> str:
    """The storms as a table, and every fault of the first."""
    rows = [row_of(storm) for storm in storms]
    lines = [
        "| " + " | ".join(title for _, title in COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
        *("| " + " | ".join(row[name] for name, _ in COLUMNS) + " |" for row in rows),
    ]
    first = storms[0]
    log = "\n".join(first["lines"])
    title = f"Each fault of the first storm ({first['database']}, seed {first['weather']['seed']})"
    return "\n".join([*lines, "", f"{title}: pid, job and fence.", "```text", log, "```"])


def hosts_of(told: dict[str, Any]) -> str:
    """What three hosts came to, and every cut."""
    shares = ", ".join(str(share) for share in told["shares"])
    rows = {
        "jobs done, each once": f"{told['done_once']} ({shares} on the three hosts)",
        "hosts cut off, each in the middle of a job": f"{told['cuts']}, the last one for good",
        "jobs begun again": told["repeated"],
        "most attempts at one": told["most_attempts"],
        "stale claims refused": told["refused"],
        "longest without progress": f"{told['longest_silence']:.1f} s (a lease is {told['lease']:.0f} s)",
        "all done after the last host was cut off for good": f"{told['drained']:.1f} s",
    }
    lines = ["| three hosts | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
    return "\n".join([*lines, "", "```text", *told["lines"], "```"])


def replace(text: str, begin: str, end: str, by: str) -> str:
    """The document with other text between two of its marks."""
    return f"{text.split(begin, maxsplit=1)[0]}{begin}\n{by}\n{end}{text.split(end)[1]}"


def write(folder: Path) -> None:
    """Replace the table in the document by that of the folder's storms."""
    hosts = folder / "hosts.json"
    if hosts.exists():
        told = json.loads(hosts.read_text("utf-8"))
        DOCUMENT.write_text(replace(DOCUMENT.read_text("utf-8"), *HOSTS, hosts_of(told)), "utf-8")
        return
    storms = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    if not storms:
        raise SystemExit(f"{folder} holds no storm; run make chaos.")
    DOCUMENT.write_text(replace(DOCUMENT.read_text("utf-8"), *STORMS, table_of(storms)), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
