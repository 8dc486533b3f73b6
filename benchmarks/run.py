"""``make bench``: measures the hot paths beside their peers, prints the table, writes benchmarks/results.md."""

from __future__ import annotations

import inspect
import platform
import sys
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import peers
from measuring import Comparison, compare

from cgn_core.ingest.reading import read_bytes
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import predict
from datagen.creators import generate_many
from datagen.layouts import own_table

RESULTS = Path(__file__).with_name("results.md")
DAYS = 730
PLAN = {"posts": 5.0, "reels": 4.0, "stories": 10.0}


def measure() -> list[Comparison]:
    """All comparisons, on one generated creator."""
    creators = generate_many(creators=1, days=DAYS, profile="mid", seed=11, end=date(2026, 6, 28))
    data = own_table(creators).to_csv(index=False).encode()
    reading = read_bytes(data, file_name="creator.csv", today=date(2026, 7, 1))
    predictor = fit_daily(reading.creators[0]).predictor
    target, design = peers.weekly_design(peers.import_with_pandas(data))
    results = peers.sm.OLS(target, design).fit()
    row = [[1.0, PLAN["posts"], PLAN["reels"], PLAN["stories"]]]
    return [
        compare(
            f"import of a {DAYS}-day file, with findings and provenance",
            ours=lambda: read_bytes(data, file_name="creator.csv", today=date(2026, 7, 1)),
            peer="pandas: read_csv, checks, groupby week",
            theirs=lambda: peers.import_with_pandas(data),
        ),
        compare(
            "one prediction with its 90 % interval (a mixture with viral days)",
            ours=lambda: predict(predictor, PLAN, level=0.9),
            peer="statsmodels: get_prediction().summary_frame()",
            theirs=lambda: peers.predict_with_statsmodels(results, row),
        ),
    ]


def report(comparisons: list[Comparison]) -> str:
    """The table, the machine, and the peers' code."""
    lines = [
        "# Measured beside peers",
        "",
        "Made by `make bench`. Machines differ: read the ratios. Both sides run in turns in one process, BLAS on one",
        "thread; medians, and in parentheses the middle half of the rounds. Above 1 we are faster.",
        "",
        "| work | against | ours | theirs | times as fast |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.work} | {one.peer} | {one.ours_seconds * 1e3:.3g} ms | {one.peer_seconds * 1e3:.3g} ms "
        f"| {one.ratio:.2g} ({one.ratio_low:.2g} to {one.ratio_high:.2g}) |"
        for one in comparisons
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "scipy", "statsmodels"))
    lines += [
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()} on {platform.machine()}, {packages}.",
        "",
        "The peers' code:",
        "```python",
        inspect.getsource(peers.import_with_pandas).strip(),
        "",
        "",
        inspect.getsource(peers.predict_with_statsmodels).strip(),
        "```",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print, write."""
    text = report(measure())
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
