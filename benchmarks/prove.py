"""``python benchmarks/prove.py [WORLDS]``: every proof in full, or on at most so many worlds a cell.

Writes its figures into docs/model_documentation.md, after each proof those known so far.
"""

from __future__ import annotations

import importlib
import math
import os
import pkgutil
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path

import proofs
from proofs.rows import Row

DOCUMENT = Path(__file__).parents[1] / "docs" / "model_documentation.md"
MOST_ROWS = 200
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def claims() -> list[str]:
    """The modules of ``proofs`` that measure something."""
    names = [found.name for found in pkgutil.iter_modules(proofs.__path__)]
    return [name for name in names if hasattr(importlib.import_module(f"proofs.{name}"), "measure")]


def prove(name: str, most: int | None) -> tuple[list[Row], float]:
    """The rows of one module, on its full number of worlds or on at most so many; and the seconds it took."""
    module = importlib.import_module(f"proofs.{name}")
    began = time.perf_counter()
    return module.measure(min(most or module.FULL, module.FULL)), time.perf_counter() - began


def table(rows: list[Row]) -> str:
    """Markdown: what was measured beside its target; of a claim with very many rows those that miss, and how many."""
    many = {claim for claim, count in Counter(row.claim for row in rows).items() if count > MOST_ROWS}
    held = Counter(row.claim for row in rows if row.claim in many and row.holds)
    rows = [row for row in rows if row.claim not in many or not row.holds]
    lines = ["| claim | world | worlds | measured | figure | target | holds |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.claim} | {row.world} | {row.worlds:,} | {row.measure} | {row.value:.4g} | {target(row)} "
        f"| {'yes' if row.holds else '**no**'} |"
        for row in rows
    ]
    lines += [f"| {claim} | all worlds | | {count:,} rows more | | | yes |" for claim, count in held.items()]
    return "\n".join(lines)


def target(row: Row) -> str:
    """The target in words."""
    if math.isinf(row.low):
        return "any" if math.isinf(row.high) else f"at most {row.high:g}"
    return f"at least {row.low:g}" if math.isinf(row.high) else f"{row.low:g} to {row.high:g}"


def write(found: dict[str, tuple[list[Row], float]]) -> str:
    """Put what is known into the model documentation; the text."""
    rows = [row for name in sorted(found) for row in found[name][0]]
    failed = sum(not row.holds for row in rows)
    seconds = sum(spent for _, spent in found.values())
    text = (
        f"{len(rows) - failed} of {len(rows)} rows hold. `python benchmarks/prove.py`, {datetime.now(UTC):%Y-%m-%d}, "
        f"{seconds:,.0f} s of one core.\n\n{table(rows)}"
    )
    document = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return text


def main(arguments: list[str]) -> int:
    """Measure, two proofs at a time, and print."""
    most = int(arguments[0]) if arguments else None
    found: dict[str, tuple[list[Row], float]] = {}
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = {pool.submit(prove, name, most): name for name in claims()}
        for done in as_completed(running):
            found[running[done]] = done.result()
            text = write(found)
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
