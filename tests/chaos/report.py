"""``python tests/chaos/report.py FOLDER``: put what the long storms came to into docs/reliability.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- storms: begin -->", "<!-- storms: end -->"
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


def write(folder: Path) -> None:
    """Replace the table in the document by that of the folder's storms."""
    storms = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    if not storms:
        raise SystemExit(f"{folder} holds no storm; run make chaos.")
    text = DOCUMENT.read_text("utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table_of(storms)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
