"""Every number that a page tells, wherever it stands: in words, in fields, in charts' traces, in what hovers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

import numpy as np
from shown_panels import DAYS, TITLES

NUMBER = re.compile(
    r"(?<![\w.,])([+\N{MINUS SIGN}-]?)(\d+(?:,\d{3})*(?:\.\d+)?)(?:[\s\N{NO-BREAK SPACE}]?(%))?(?![\w])"
)
NAMES = re.compile(r"\S+@\S+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|@?\bpeer\.\d+\b|SHA-256|\S+-report-\S+")
"""Addresses, ids and names with digits in them, which tell no number."""
SAID = ("children", "title", "aria-label", "placeholder", "label", "value", "summary")
"""Properties whose words or numbers people see or hear."""
TRACED = ("x", "y", "text", "customdata", "hovertext", "base")
TITLE_OF_AROUND = "around"


@dataclass
class Told:
    """What one card tells, or what stands around all of them."""

    title: str
    words: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    """Of charts' traces and of fields."""
    sheets: list[str] = field(default_factory=list)
    """What its marks fold out: formulas, and where numbers come from."""


def told_by(answer: str) -> list[Told]:
    """The cards of a page or of a callback's answer, and first what stands around them."""
    around = Told(TITLE_OF_AROUND)
    found = [around]
    for value in json.loads(answer)["response"].values():
        for part in value.values():
            _read(part, around, found)
    return found


def _read(node: Any, into: Told, found: list[Told]) -> None:
    if isinstance(node, list):
        for each in node:
            _read(each, into, found)
    elif isinstance(node, str):
        into.words.append(node)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        into.words.append(str(node))
    elif isinstance(node, dict) and "props" in node:
        _read_component(node, into, found)


def _read_component(node: Mapping[str, Any], into: Told, found: list[Told]) -> None:
    props = node["props"]
    classes = str(props.get("className") or "").split()
    if "explain" in classes:
        sheet = Told("")
        for part in (props.get("children"), *_drawn_later(props)):
            _read(part, sheet, [])
        into.sheets.append(" ".join(sheet.words))
        return
    if "panel" in classes:
        into = Told("")
        found.append(into)
    if not into.title and any(each in classes for each in TITLES):
        heading = Told("")
        _read(props.get("children"), heading, [])
        into.title = " ".join(heading.words).strip()
    if node["type"] == "Store":
        identity = props.get("id")
        if isinstance(identity, dict) and identity.get("type") == "figure-numbers":
            _read_figure(props["data"], into)
        return
    for part in _drawn_later(props):
        _read(part, into, found)
    for name in SAID:
        _read(props.get(name), into, found)
    for option in props.get("options") or []:
        _read(option["label"] if isinstance(option, dict) else option, into, found)


def _drawn_later(props: Mapping[str, Any]) -> Iterator[Any]:
    """What the browser draws by itself, a chart's table among it: its caption, its headings and its rows."""
    if "data-tree" in props:
        yield json.loads(props["data-tree"])
    if "data-table" in props:
        table = json.loads(props["data-table"])
        yield [table["caption"], [label for label, *_ in table["columns"]], table["rows"]]


def _read_figure(figure: Mapping[str, Any], into: Told) -> None:
    for trace in figure["data"]:
        # A heatmap's places are its days'; what it tells hovers.
        names = TRACED if trace["type"] != "heatmap" else ("text", "customdata")
        for name in names:
            _read_series(trace.get(name), into)
        for axis in ("x", "y"):
            bars = trace.get(f"error_{axis}") or {}
            for key, side in (("array", 1), ("arrayminus", -1)):
                for middle, length in zip(trace[axis], bars.get(key) or [], strict=False):
                    into.values.append(middle + side * length)
    into.words += [each["text"] for each in figure["layout"].get("annotations", [])]


def _read_series(series: Any, into: Told) -> None:
    for each in series if isinstance(series, list) else [series]:
        if isinstance(each, list):
            _read_series(each, into)
        elif isinstance(each, str):
            into.words.append(each)
        elif isinstance(each, int | float) and not isinstance(each, bool):
            into.values.append(float(each))


def tokens(text: str) -> Iterator[tuple[str, float, float]]:
    """Each number in a text as it is written, its value, and half of its last place."""
    for sign, digits, percent in NUMBER.findall(DAYS.sub(" ", NAMES.sub(" ", text))):
        decimals = len(digits.partition(".")[2]) + (2 if percent else 0)
        value = float(digits.replace(",", "")) / (100 if percent else 1)
        yield f"{sign}{digits}{percent}", -value if sign in {"-", "\N{MINUS SIGN}"} else value, 0.5 * 10**-decimals


def numbers_of(*results: Any) -> Iterator[float]:
    """Every number in a result, however deep, texts' own numbers among them: those are the library's sentences."""
    for each in results:
        if each is None or isinstance(each, bool):
            continue
        if isinstance(each, int | float | np.number):
            yield float(each)
        elif isinstance(each, str):
            yield from (value for _, value, _ in tokens(each))
        elif is_dataclass(each) and not isinstance(each, type):
            yield from numbers_of(asdict(each))
        elif isinstance(each, Mapping):
            yield from numbers_of(*each.values())
        elif isinstance(each, list | tuple | np.ndarray):
            yield from numbers_of(*each)


def strangers(told: Told, known: Iterable[float]) -> list[str]:
    """Numbers of a card that aren't known; one that is written without a sign may be told of either."""
    pool = np.array([*known], dtype=float)
    either = np.concatenate([pool, -pool])
    found = []
    for text in told.words:
        for token, value, half in tokens(text.replace(told.title, " ", 1) if told.title else text):
            sides = pool if token[0] in "+-\N{MINUS SIGN}" else either
            if not (np.abs(sides - value) <= half * 1.0001 + 1e-9).any():
                found.append(token)
    found += [repr(v) for v in told.values if not (np.abs(pool - v) <= 1e-9 * max(1.0, abs(v))).any()]
    return found
