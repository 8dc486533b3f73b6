"""What a page shows, panel by panel, read from the components that the portal answers with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FROM = "Where this comes from: "
DAYS = re.compile(r"\b\d{1,2} [A-Z][a-z]+( \d{4})?\b|\b\d{2}:\d{2}\b|\b\d{4}-\d{2}-\d{2}\b")
TITLES = ("card-title", "metric-label")
UNSEEN = {"Option", "Input", "Textarea", "Store", "Dropdown", "Upload", "Label"}
"""Components whose text is asked of people, not told to them."""


@dataclass(frozen=True)
class Mark:
    """A mark that leads from a number to where it comes from."""

    of: str
    text: str
    """Of its sheet."""
    links: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """A card or a metric card."""

    title: str
    text: str
    """Without the sheets of its marks."""
    marks: tuple[Mark, ...]
    charts: tuple[str, ...]
    """Names of its charts."""

    @property
    def has_numbers(self) -> bool:
        """Whether it tells any; days and times of day are none."""
        return bool(self.charts) or re.search(r"\d", DAYS.sub("", self.text.replace(self.title, ""))) is not None


def panels(answer: str) -> list[Panel]:
    """The panels of a page or of a callback's answer, those inside others apart from them."""
    found: list[Panel] = []
    for value in json.loads(answer)["response"].values():
        for part in value.values():
            _gather([part], None, found)
    return found


def text_of(answer: str) -> str:
    """All text that the answer holds, in order."""
    return " ".join(
        _text(part) for value in json.loads(answer)["response"].values() for part in value.values() if part is not None
    )


def _gather(node: Any, around: dict[str, Any] | None, found: list[Panel]) -> None:
    for child in _children(node):
        if "panel" in _classes(child):
            parts: dict[str, Any] = {"title": "", "text": [], "marks": [], "charts": []}
            _read(child, parts, found)
            found.append(
                Panel(
                    title=parts["title"],
                    text=" ".join(parts["text"]),
                    marks=tuple(parts["marks"]),
                    charts=tuple(parts["charts"]),
                )
            )
        else:
            _gather(child, around, found)


def _read(node: Any, parts: dict[str, Any], found: list[Panel]) -> None:
    for child in _children(node):
        if isinstance(child, str | int | float):
            parts["text"].append(str(child))
            continue
        classes = _classes(child)
        if "panel" in classes:
            _gather([child], None, found)
        elif "explain" in classes:
            mark = _mark(child)
            if mark is not None:
                parts["marks"].append(mark)
        elif _is_chart(child):
            parts["charts"].append(child["props"]["id"]["name"])
        elif child.get("type") not in UNSEEN:
            if not parts["title"] and any(name in classes for name in TITLES):
                parts["title"] = _text(child).strip()
            _read(child, parts, found)


def _mark(details: Any) -> Mark | None:
    summary, sheet = json.loads(details["props"]["data-tree"])  # the browser draws them
    label = summary["props"]["aria-label"]
    if not label.startswith(FROM):
        return None
    links = tuple(node["props"]["href"] for node in _all(sheet) if node.get("type") == "Link")
    return Mark(of=label.removeprefix(FROM), text=_text(sheet), links=links)


def _is_chart(node: Any) -> bool:
    identity = node["props"].get("id")
    return isinstance(identity, dict) and identity.get("type") == "figure-numbers"


def _all(node: Any) -> Iterator[Any]:
    for child in _children(node):
        if isinstance(child, dict):
            yield child
            yield from _all(child)


def _children(node: Any) -> list[Any]:
    if not isinstance(node, dict | list):
        return []
    inside = node["props"].get("children") if isinstance(node, dict) and "props" in node else node
    if inside is None:
        return []
    if isinstance(inside, dict) and "props" not in inside:
        return list(inside.values()) if inside is node else []
    listed = inside if isinstance(inside, list) else [inside]
    flat: list[Any] = []
    for each in listed:
        flat += each if isinstance(each, list) else [each]
    return [each for each in flat if each is not None]


def _classes(node: Any) -> list[str]:
    return str(node["props"].get("className") or "").split() if isinstance(node, dict) and "props" in node else []


def _text(node: Any) -> str:
    if isinstance(node, str | int | float):
        return str(node)
    if "explain" in _classes(node):
        return ""
    return " ".join(_text(child) for child in _children(node))


def said(answer: str) -> str:
    """A page's JSON as one text, with what the browser draws by itself as what it is."""

    def drawn(node: Any) -> Any:
        if isinstance(node, list):
            return [drawn(each) for each in node]
        if isinstance(node, dict):
            return {
                name: drawn(json.loads(each) if name in {"data-tree", "data-table"} else each)
                for name, each in node.items()
            }
        return node

    return json.dumps(drawn(json.loads(answer)), ensure_ascii=False)
