"""How numbers and days are written: the one place that knows decimal marks, groups of digits and orders of days.

The words of the product are English; whoever reads chooses how its numbers look. The edges say whose choice holds
(:func:`use` for a request, :func:`written_as` around a report), and everything that writes a number asks here. The
browser's half is assets/numbers.js. ``HOUSE`` is written without Babel, whose data cost tens of milliseconds to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache

HOUSE = "en"
MINUS = "\N{MINUS SIGN}"
BROWSER = "browser"
"""No way of writing: whatever the reader's browser asks for."""
OFFERED = {
    HOUSE: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt-BR": "Português (Brasil)",
    "sv": "Svenska",
}
"""By the code of BCP 47, which browsers know too; each in its own language."""

_NUMBER = re.compile(
    # A cell or a name; the file that a finding is of.
    r"(?P<others>“[^”]*(?:”|$)|(?<!\w)'[^']*'(?!\w)|^[^:]+\.[A-Za-z]{2,5}(?=: ))"
    r"|(?<![\w.,:/@#-])(?P<day>\d{4}-\d\d-\d\d)(?![\w-]|[.,:]\w)"
    r"|(?P<minus>(?<![\w.,:/@#)-])-)?"
    r"(?<![\w.,:/@#])(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?P<percent>[ \N{NO-BREAK SPACE}]?%)?"
    r"(?!\w|[.,:]\w)"
)
_in_use: ContextVar[str] = ContextVar("numbers_and_days", default=HOUSE)


@dataclass(frozen=True)
class Marks:
    """What stands where in a number and in a day."""

    decimal: str = "."
    group: str = ","
    percent: str = "\N{NO-BREAK SPACE}%"
    """What follows the number of a percentage, the space before it included."""
    day: str = ""
    """A pattern of CLDR (UTS 35, Dates) in digits alone; "" for the house's ``22 Nov 2026``."""
    month: str = ""
    """The same of a month and its year."""


def use(code: str) -> None:
    """From here on numbers and days are written so, in this thread; a code that isn't offered is the house's."""
    _in_use.set(code if code in OFFERED else HOUSE)


def of_browser(wanted: Iterable[str]) -> str:
    """The way that comes closest to what a browser asks for, its languages by preference."""
    # By language alone: Portugal writes numbers as Brazil does, and browsers spell the rest in many ways.
    languages = {_language(code): code for code in OFFERED}
    return next((languages[each] for each in map(_language, wanted) if each in languages), HOUSE)


def _language(code: str) -> str:
    return code.replace("_", "-").partition("-")[0].lower()


def in_use() -> str:
    """The code of :data:`OFFERED` that holds here."""
    return _in_use.get()


@contextmanager
def written_as(code: str) -> Iterator[None]:
    """Write so inside the ``with``, and as before after it."""
    before = in_use()
    use(code)
    try:
        yield
    finally:
        use(before)


def marks() -> Marks:
    """Of the way that holds here."""
    return marks_of(in_use())


@cache
def marks_of(code: str) -> Marks:
    """Of one of :data:`OFFERED`."""
    if code == HOUSE:
        return Marks()
    from babel import Locale
    from babel.numbers import get_decimal_symbol, get_group_symbol

    found = Locale.parse(code, sep="-")
    # Days are in digits: the name of a month in another language would stand amid English words.
    day = re.sub(r"y+", "y", found.date_formats["short"].pattern).replace("y", "yyyy")
    return Marks(
        decimal=get_decimal_symbol(found),
        group=get_group_symbol(found),
        percent="%" if found.percent_formats[None].pattern.endswith("0%") else Marks.percent,
        day=day,
        month=re.sub(r"^d+[^yM]+|[^yM]+d+$", "", day),
    )


def digits(value: float, *, decimals: int = 0, code: str | None = None) -> str:
    """``1,234.5``, ``1.234,5``: the number without its sign; ``code`` is the way that holds here, or another."""
    text, code = f"{abs(value):,.{decimals}f}", code or in_use()
    return text if code == HOUSE else _swapped(text, marks_of(code))


def percentage(share: float, *, decimals: int = 0) -> str:
    """``90 %`` from 0.9, without its sign and with a space that doesn't break."""
    return digits(share * 100, decimals=decimals) + marks().percent


def plain(value: float) -> str:
    """As short as the number is: ``0.5``, ``12``."""
    text = f"{value:g}"
    return text if in_use() == HOUSE else _swapped(text, marks())


def short_day(value: date, *, code: str | None = None) -> str:
    """``22 Nov 2026``, ``22.11.2026``."""
    return day_in_digits(value, code=code) or f"{value.day} {value:%b} {value.year}"


def day_in_digits(value: date, *, code: str | None = None) -> str | None:
    """``22.11.2026``; None where the house's names of months are used."""
    code = code or in_use()
    if code == HOUSE:
        return None
    from babel.dates import format_date

    return format_date(value, marks_of(code).day, locale=code.replace("-", "_"))


def month(value: date) -> str:
    """``Nov 2026``, ``11.2026``: a month on an axis."""
    if in_use() == HOUSE:
        return f"{value:%b %Y}"
    from babel.dates import format_date

    return format_date(value, marks().month, locale=in_use().replace("-", "_"))


def retold(sentence: str) -> str:
    """A sentence of the product's own with its numbers and days as they are written here.

    The statistics and the jobs write their sentences once and for everybody, in plain digits (``-1,204.5``, ``90%``,
    ``2026-11-22``), and they are kept; only whoever shows one knows who reads it. What stands in quotation marks and a
    file's name before a colon were written by others, and stay. Never to be called twice on the same sentence, nor on
    what people wrote.
    """
    here = marks()

    def written(found: re.Match[str]) -> str:
        if found["others"]:
            return found["others"]
        if found["day"]:
            return _day_of(found["day"])
        number = _swapped(found["digits"], here) if in_use() != HOUSE else found["digits"]
        return (MINUS if found["minus"] else "") + number + (here.percent if found["percent"] else "")

    return _NUMBER.sub(written, sentence)


def _day_of(text: str) -> str:
    try:
        return short_day(date.fromisoformat(text))
    except ValueError:  # such as 2026-13-45: no day
        return text


def _swapped(text: str, here: Marks) -> str:
    return text.translate({ord(","): here.group, ord("."): here.decimal})
