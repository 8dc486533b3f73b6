"""``python -m datagen OUT``: write synthetic creators to a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np

from cgn_core.tables import CONTENT_TYPES
from datagen.competitors import MOST_COMPETITORS
from datagen.creators import generate_many
from datagen.layouts import FORMATS, LAYOUTS, own_table, public_table, write_table, write_truth
from datagen.profiles import PROFILES
from datagen.responses import Response
from datagen.specs import Break
from datagen.truths import Creator

FEWEST_DAYS, MOST_DAYS, MOST_CREATORS = 7, 3_650, 10_000
MIXED = "mixed"
T = TypeVar("T")
MOST_SHEET_ROWS = 1_048_575
"""What an Excel sheet holds below its header."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage around it."""

    def error(self, message: str) -> NoReturn:
        """Exit 2."""
        self.exit(2, f"{message}.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, generate, write; exit 0 done, 1 the file can't be written, 2 wrong usage."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    kind = wanted.format or _kind_of(wanted.out)
    if not kind:
        parser.error(f"{wanted.out.name} ends like no format that is written; use .csv, .json or .xlsx, or --format")
    accounts = wanted.creators + wanted.competitors
    if wanted.layout == "public39" and accounts != 1:
        parser.error("the public39 layout holds one creator, leave --creators at 1 and --competitors at 0")
    if kind == "xlsx" and accounts * wanted.days > MOST_SHEET_ROWS:
        parser.error(f"an Excel sheet holds {MOST_SHEET_ROWS:,} rows, not {accounts * wanted.days:,}; use --format csv")
    try:
        creators = _generate(wanted)
    except ValueError as error:
        parser.error(str(error))
    if wanted.layout == "public39":
        table = public_table(creators[0], np.random.default_rng(wanted.seed))
    else:
        table = own_table(creators)
    try:
        write_table(table, wanted.out, kind=kind)
        if wanted.truth:
            write_truth(creators, wanted.truth)
    except OSError as error:
        print(f"{error.filename or wanted.out} can't be written: {error.strerror}.", file=sys.stderr)
        return 1
    others = f", {wanted.competitors} competitors" if wanted.competitors else ""
    print(f"{wanted.out}: {wanted.creators} x {wanted.days} days, {wanted.profile}{others}, seed {wanted.seed}")
    return 0


def _generate(wanted: argparse.Namespace) -> list[Creator]:
    end = wanted.end or datetime.now(UTC).date() - timedelta(days=1)
    try:
        start = end - timedelta(days=wanted.days - 1)
    except OverflowError:
        raise ValueError(f"{wanted.days} days that end on {end} leave the calendar") from None
    for day, _ in wanted.breaks:
        if not start <= day <= end:
            raise ValueError(f"a break must be on a day of the history, {start} to {end}, not {day}")
    return generate_many(
        creators=wanted.creators,
        days=wanted.days,
        profile=None if wanted.profile == MIXED else wanted.profile,
        seed=wanted.seed,
        end=end,
        viral_rate=wanted.viral_rate,
        effects=wanted.effects,
        gaps=wanted.gaps,
        carry_over=wanted.carry_over,
        responses=wanted.saturation,
        processes=wanted.posting,
        breaks=tuple(Break((day - start).days, factor) for day, factor in sorted(wanted.breaks)),
        timing=wanted.timing,
        swing=wanted.swing,
        memory=wanted.memory,
        competitors=wanted.competitors,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m datagen", description="Write synthetic creators with known effects.")
    parser.add_argument("out", type=Path, metavar="OUT", help="the file to write")
    parser.add_argument("--creators", type=_between(1, MOST_CREATORS), default=1, metavar="N")
    parser.add_argument("--days", type=_between(FEWEST_DAYS, MOST_DAYS), default=730)
    parser.add_argument(
        "--profile", choices=[*PROFILES, MIXED], default="mid", help="mixed takes one after the other, smallest first"
    )
    parser.add_argument("--seed", type=_between(0, 2**31 - 1), default=1, help="the same seed gives the same numbers")
    parser.add_argument("--end", type=_day, default=None, help="last day, YYYY-MM-DD; default yesterday")
    parser.add_argument("--viral-rate", type=float, default=None, help="share of days that go viral")
    parser.add_argument("--effects", type=_effects, default=None, help="followers per piece, such as '{\"reels\": 20}'")
    parser.add_argument("--gaps", type=float, default=0.0, help="share of days whose row is missing")
    parser.add_argument(
        "--carry-over", type=float, default=0.0, help="share of an effect's remainder that is left a day later"
    )
    parser.add_argument(
        "--saturation", type=_responses, default={}, help="pieces a week that reach half of the most, '{\"reels\": 4}'"
    )
    parser.add_argument("--posting", type=_processes, default={}, help='such as \'{"ads": "campaigns"}\'')
    parser.add_argument(
        "--break", dest="breaks", type=_break, action="append", default=[], metavar="DATE=SHARE",
        help="from that day on, growth stands at that share; may be repeated",
    )  # fmt: skip
    parser.add_argument("--timing", type=float, default=0.0, help="how much more a piece in the best window brings")
    parser.add_argument("--swing", type=float, default=0.0, help="standard deviation of the log of a week's level")
    parser.add_argument("--memory", type=float, default=0.0, help="correlation of that level with the next week's")
    parser.add_argument(
        "--competitors", type=_between(0, MOST_COMPETITORS), default=0, metavar="N", help="more accounts of one market"
    )
    parser.add_argument("--truth", type=Path, default=None, metavar="FILE", help="write the true effects there")
    parser.add_argument("--format", choices=FORMATS, default=None, help="default: by the file's ending")
    parser.add_argument("--layout", choices=LAYOUTS, default="own")
    return parser


def _between(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number between {least} and {most}, not {text}")
        return number

    return whole


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day such as 2026-06-28, not {text}") from None


def _break(text: str) -> tuple[date, float]:
    day, _, share = text.partition("=")
    try:
        return date.fromisoformat(day), float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day and a share such as 2026-03-02=0.15, not {text}") from None


def _effects(text: str) -> dict[str, float]:
    return _by_type(text, _number, '{"reels": 20}')


def _responses(text: str) -> dict[str, Response]:
    return _by_type(text, _response, '{"reels": 4}')


def _processes(text: str) -> dict[str, str]:
    return _by_type(text, str, '{"ads": "campaigns"}')


def _by_type(text: str, value: Callable[[Any], T], example: str) -> dict[str, T]:
    """Read JSON that says something of content types; the spec refuses other names."""
    try:
        given = json.loads(text)
        return {name: value(each) for name, each in given.items()}
    except (json.JSONDecodeError, AttributeError, TypeError):
        names = ", ".join(CONTENT_TYPES)
        raise argparse.ArgumentTypeError(f"must be JSON such as {example} with {names}") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _response(value: Any) -> Response:
    return Response(**value) if isinstance(value, dict) else Response("hill", scale=_number(value))


def _kind_of(path: Path) -> str:
    """The format that the file's ending says; "" for an ending of something else."""
    ending = path.suffix.removeprefix(".").lower() or "csv"
    return ending if ending in FORMATS else ""


if __name__ == "__main__":
    sys.exit(main())
