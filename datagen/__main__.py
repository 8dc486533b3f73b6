"""``python -m datagen OUT``: write synthetic creators to a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from cgn_core.tables import CONTENT_TYPES
from datagen.creators import generate_many
from datagen.layouts import FORMATS, LAYOUTS, own_table, public_table, write_table, write_truth
from datagen.profiles import PROFILES

FEWEST_DAYS, MOST_DAYS, MOST_CREATORS = 7, 3_650, 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, generate, write; exit 0 done, 1 the file can't be written, 2 wrong usage."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    if wanted.layout == "public39" and wanted.creators != 1:
        parser.error("the public39 layout holds one creator; leave --creators at 1")
    end = wanted.end or datetime.now(UTC).date() - timedelta(days=1)
    creators = generate_many(
        creators=wanted.creators,
        days=wanted.days,
        profile=wanted.profile,
        seed=wanted.seed,
        end=end,
        viral_rate=wanted.viral_rate,
        effects=wanted.effects,
    )
    if wanted.layout == "public39":
        table = public_table(creators[0], np.random.default_rng(wanted.seed))
    else:
        table = own_table(creators)
    try:
        write_table(table, wanted.out, kind=wanted.format or _kind_of(wanted.out))
        if wanted.truth:
            write_truth(creators, wanted.truth)
    except OSError as error:
        print(f"{error.filename or wanted.out} can't be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"{wanted.out}: {wanted.creators} x {wanted.days} days, {wanted.profile}, seed {wanted.seed}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m datagen", description="Write synthetic creators with known effects."
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the file to write")
    parser.add_argument("--creators", type=_between(1, MOST_CREATORS), default=1, metavar="N")
    parser.add_argument("--days", type=_between(FEWEST_DAYS, MOST_DAYS), default=730)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="mid")
    parser.add_argument("--seed", type=_between(0, 2**31 - 1), default=1)
    parser.add_argument("--end", type=date.fromisoformat, default=None, help="last day, YYYY-MM-DD; default yesterday")
    parser.add_argument("--viral-rate", type=float, default=None, help="share of days that go viral")
    parser.add_argument("--effects", type=_effects, default=None, help="followers per piece, such as '{\"reels\": 20}'")
    parser.add_argument("--truth", type=Path, default=None, metavar="FILE", help="write the true effects there")
    parser.add_argument("--format", choices=FORMATS, default=None, help="default: by the file's ending, else csv")
    parser.add_argument("--layout", choices=LAYOUTS, default="own")
    return parser


def _between(least: int, most: int) -> type[int]:
    def whole(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            message = f"must be between {least} and {most}, not {number}"
            raise argparse.ArgumentTypeError(message)
        return number

    return whole  # type: ignore[return-value]  # argparse calls it like a type


def _effects(text: str) -> dict[str, float]:
    try:
        loaded = json.loads(text)
        effects = {str(name): float(value) for name, value in loaded.items()}
    except (ValueError, AttributeError, TypeError):
        effects = {"": 0.0}
    if not set(effects) <= set(CONTENT_TYPES):
        message = f'must be JSON such as {{"reels": 20}} with {", ".join(CONTENT_TYPES)}'
        raise argparse.ArgumentTypeError(message)
    return effects


def _kind_of(path: Path) -> str:
    ending = path.suffix.removeprefix(".").lower()
    return ending if ending in FORMATS else "csv"


if __name__ == "__main__":
    sys.exit(main())
