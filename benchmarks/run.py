"""``make bench``: measures the hot paths beside their peers, prints the table, writes benchmarks/results.md.

``make bench BENCH="imports retraining"`` measures these parts alone and leaves the other rows as they were measured.
"""

from __future__ import annotations

import ast
import inspect
import platform
import sys
import time
from datetime import UTC, date, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import batches
import callbacks
import clicks
import generation
import imports
import load
import numpy as np
import pages
import peers
import retrain_all
import slider
from measuring import Comparison, compare

from cgn_core.ingest.reading import read_bytes
from cgn_core.stats.comparison import compare as compare_models
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import train
from cgn_core.stats.validation import MODELS
from cgn_core.stats.weekly_models import fit_weekly
from datagen.creators import generate_many
from datagen.layouts import own_table

RESULTS = Path(__file__).with_name("results.md")
DAYS = 730
PEERS = (
    peers.import_with_pandas,
    peers.import_many_with_pandas,
    peers.count_lines,
    generation.creator_by_day,
    generation.draws_alone,
    peers.predict_arrays_with_statsmodels,
    peers.predict_with_statsmodels,
    peers.validate_with_statsmodels,
    peers.errors_with_statsmodels,
    peers.huber_with_statsmodels,
    peers.huber_rolling_with_statsmodels,
)
PLAN = {"posts": 5.0, "reels": 4.0, "stories": 10.0}


def predictions() -> list[Comparison]:
    """One prediction of each kind, of a generated creator."""
    creators = generate_many(creators=1, days=DAYS, profile="mid", seed=11, end=date(2026, 6, 28))
    data = own_table(creators).to_csv(index=False).encode()
    daily = read_bytes(data, file_name="creator.csv", today=date(2026, 7, 1)).creators[0]
    target, design = peers.weekly_design(peers.import_with_pandas(data))
    results = peers.sm.OLS(target, design).fit()
    row = np.array([[1.0, *PLAN.values()]])
    answers = {
        "leave-one-out residuals, a weekly model": fit_weekly(daily, model="ols").predictor,
        "a mixture with viral days, the daily model": fit_daily(daily).predictor,
    }
    rivals = {
        "statsmodels: get_prediction(), arrays": (peers.predict_arrays_with_statsmodels, 8.0),
        "statsmodels: get_prediction().summary_frame()": (peers.predict_with_statsmodels, 30.0),
    }
    return [
        compare(
            f"one prediction with its 90 % interval ({kind})",
            ours=partial(predict, predictor, PLAN, level=0.9),
            peer=name,
            theirs=partial(rival, results, row),
            target=least,
        )
        for kind, predictor in answers.items()
        for name, (rival, least) in rivals.items()
    ]


COMPARED = {
    "imports": imports.measure,
    "generation": generation.measure,
    "predictions": predictions,
    "batches": batches.measure,
}


def duration(seconds: float) -> str:
    """In the unit that suits it."""
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def verdict(one: Comparison) -> str:
    """The target, and whether it holds."""
    if one.target is None:
        return "| | |"
    return f"| at least {one.target:.3g} | {'yes' if one.holds else '**no**'} |"


def statsforecast_source() -> str:
    """The function that statsforecast's environment runs; it can't be imported here."""
    source = batches.STATSFORECAST.read_text(encoding="utf-8")
    (found,) = (part for part in ast.parse(source).body if getattr(part, "name", None) == "validate_with_statsforecast")
    return ast.get_source_segment(source, found) or ""


def row(one: Comparison) -> str:
    """A comparison as a line of the table."""
    return (
        f"| {one.work} | {one.peer} | {duration(one.ours_seconds)} | {duration(one.peer_seconds)} "
        f"| {one.ratio:.3g} ({one.ratio_low:.3g} to {one.ratio_high:.3g}) {verdict(one)} {datetime.now(UTC):%Y-%m-%d} |"
    )


def in_place(rows: list[str], before: list[str]) -> list[str]:
    """The rows of an earlier table, those measured anew in the places of their own; new ones at the end."""
    anew = {_measured(line): line for line in rows}
    kept = [anew.pop(_measured(line), line) for line in before]
    return [*kept, *anew.values()]


def _measured(line: str) -> tuple[str, ...]:
    """What a row is about."""
    return tuple(cell.strip() for cell in line.split("|")[1:3])


def report(rows: list[str]) -> str:
    """The table, the machine, and the peers' code."""
    lines = [
        "# Measured beside peers",
        "",
        "Made by `make bench`. Machines differ: read the ratios. Both sides run in turns, BLAS on one thread; medians,",
        "and in parentheses the middle half of the rounds. Above 1 we are faster. Where a peer does fewer creators a",
        "round, both sides are per creator. statsforecast runs in an environment and a process of its own.",
        "",
        "| work | against | ours | theirs | times as fast | target | holds | measured |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "scipy", "statsmodels", "numba"))
    lines += [
        "",
        f"Python {platform.python_version()} on {platform.machine()}, {packages}.",
        "",
        "The peers' code:",
        "```python",
        "\n\n\n".join(inspect.getsource(each).strip() for each in PEERS),
        "",
        "",
        statsforecast_source(),
        "```",
    ]
    return "\n".join(lines) + "\n"


def retrainings() -> str:
    """One workspace's retraining with every family, and one of all creators of an agency."""
    daily = generate_many(creators=1, days=DAYS, profile="mid", seed=11, end=date(2026, 6, 28))[0].daily
    began = time.process_time()
    train(daily)
    ranked = time.process_time() - began
    compare_models(daily, models=MODELS)
    every = time.process_time() - began - ranked
    one = (
        f"One workspace of {DAYS // 7} weeks on one core: {ranked:.1f} s as the portal retrains it, {every:.1f} s with "
        f"each of the {len(MODELS)} families validated (at most 20 s are allowed)."
    )
    return f"{one}\n\nAll creators of an agency, on PostgreSQL: {retrain_all.measure().sentence()}.\n"


TOLD = {
    "retraining": ("Retraining", retrainings),
    "clicks": ("From a click to its result", lambda: f"{clicks.measure().sentence()}.\n"),
    "slider": ("A step of a slider", lambda: f"{slider.measure().sentence()}.\n"),
    "pages": ("A first visit", lambda: f"{pages.measure().sentence()}\n"),
    "callbacks": ("A callback beyond the services' work", lambda: f"{callbacks.measure().sentence()}\n"),
    "load": ("Twenty people at once", lambda: f"{load.measure().sentence()}.\n"),
}
"""Parts that are sentences below the table: their titles, and what measures them."""


def told_before(text: str, title: str) -> str:
    """A section of earlier results."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def main(wanted: list[str]) -> int:
    """Measure what is wanted, everything unless said; print, write."""
    parts = wanted or [*COMPARED, *TOLD]
    unknown = [part for part in parts if part not in (*COMPARED, *TOLD)]
    if unknown:
        sys.stderr.write(f"There is no part {unknown[0]!r}; there are {', '.join((*COMPARED, *TOLD))}.\n")
        return 2
    before = RESULTS.read_text(encoding="utf-8") if wanted else ""
    table = before.partition("\n## ")[0]  # parts below may have tables of their own
    past = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| work ")]
    rows = [row(one) for part in parts if part in COMPARED for one in COMPARED[part]()]
    text = report(in_place(rows, past))
    for part, (title, measured) in TOLD.items():
        told = measured() if part in parts else told_before(before, title)
        text += f"\n## {title}\n{told}" if told.strip() else ""  # one that was never measured has no section
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
