"""Callback bodies made wrong as nobody's browser sends them: their values, their envelope, their bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Raw:
    """What goes over the wire."""

    data: bytes
    content_type: str = "application/json"


def deep(value: Any, levels: int, *, in_lists: bool) -> Any:
    for _ in range(levels):
        value = [value] if in_lists else {"a": value}
    return value


VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, 5e-324, float("nan"),
    float("inf"), float("-inf"), "", " ", "0", "-1", "1e400", "nan", "x" * 5_000, "\x00", "a\x00b", "\ud800",
    "\u202e", "é" * 300, "👩‍👩‍👧‍👦" * 40, "＜script＞", "<script>alert(1)</script>", "javascript:alert(1)",
    "'; DROP TABLE users; --", "%00", "../../etc/passwd", "{}", "[]", "null", "2026-13-45", "9999-12-31",
    "0000-00-00", "2026-11-02T25:00", "=1+1", "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}", "urn:uuid:" + "0" * 32, [], [None], [[]], [[[]]], [1, "a", None, {}],
    {}, {"": None}, {"a": {"b": []}}, {"id": 1, "property": 2}, {"type": "x", "index": 1}, {"of": None, "at": "x"},
    {"of": [], "at": {}}, {"of": {"a": 1}, "at": 1e308}, {"contents": None, "names": None},
    {"contents": [None], "names": [None]}, {"contents": [""], "names": ["x", "y"]},
    {"contents": ["data:text/csv;base64,!!!"], "names": ["x.csv"]}, {"contents": [{}], "names": [{}]},
    {"contents": ["data:text/csv;base64,"], "names": ["\x00.csv"]}, {"plan": None, "model": None},
    {"plan": {"reels": float("nan")}, "model": 1}, {"plan": {"reels": 10**400}, "model": 1},
    {"plan": {"reels": -1}, "model": 1}, {"plan": {"x" * 999: "1"}, "model": 10**30},
    {"plan": {"reels": [1]}, "model": True}, {"count": "x", "progress": "y"},
    {"count": {}, "headline": [], "progress": None}, {"count": float("nan"), "progress": float("inf")},
    deep(None, 60, in_lists=True), deep(None, 60, in_lists=False), deep("x", 900, in_lists=True),
)  # fmt: skip
"""What may stand where something else was expected."""

RAW: tuple[Raw, ...] = (
    Raw(b""), Raw(b"null"), Raw(b"[]"), Raw(b"{}"), Raw(b"0"), Raw(b'""'), Raw(b"{"), Raw(b"[" * 90_000),
    Raw(b"\xff\xfe\x00"), Raw(b'{"a":' * 60_000), Raw(b"9" * 20_000), Raw(b'{"output": ' + b"9" * 20_000 + b"}"),
    Raw(b"\xef\xbb\xbf{}"), Raw(b"NaN"), Raw(b'{"output": "\\ud800"}'), Raw(b'{"output": "a", "output": {}}'),
    Raw(b"{}", "text/plain"), Raw(b"a=b", "application/x-www-form-urlencoded"),
    Raw(b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"), Raw(b"{}", "application/json; charset=utf-99"),
    Raw(b"{}", ""), Raw(b"{}", "\xff"), Raw(b"<a/>", "text/xml"),
    Raw('{"output": "x"}'.encode("utf-16"), "application/json"), Raw(b"{}", "application/json+x"),
)  # fmt: skip
"""Bodies that are no envelope at all."""

PRESSED = (
    "", ".", "x.", ".n_clicks", "x.y", "{}.n_clicks", "{.n_clicks", '{"type":1}.n_clicks', '{"type":"x"}.n_clicks',
    "[].n_clicks", "null.n_clicks", '"x".n_clicks', "\x00.x", "\ud800.x", "a" * 4000 + ".b", '{"a":' * 200 + ".x",
    "x.y.z",
)  # fmt: skip


def wrong(dice: random.Random, body: dict[str, Any], outputs: Sequence[str]) -> Raw:
    """One body made wrong in one way, or in several."""
    if dice.random() < 0.06:
        return dice.choice(RAW)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        body = dice.choice((_value, _value, _value, _envelope, _pressed))(dice, body, outputs)
    data = json.dumps(body).encode()
    if dice.random() < 0.05:
        at = dice.randrange(len(data))
        data = dice.choice((data[:at], data[:at] + dice.randbytes(3) + data[at:], data.replace(b"null", b"nul", 1)))
    content_type = "application/json"
    if dice.random() < 0.02:
        content_type = dice.choice(RAW).content_type
    return Raw(data, content_type)


def _value(dice: random.Random, body: dict[str, Any], _outputs: Sequence[str]) -> dict[str, Any]:
    """Another value in a slot, or somewhere within what stands there; an input of wildcards with odd ids."""
    slots = [one for part in ("inputs", "state") for one in _flat(body.get(part))]
    if not slots:
        return body
    slot = dice.choice(slots)
    if isinstance(slot.get("id"), dict) and dice.random() < 0.5:
        key = dice.choice(sorted(slot["id"]))
        slot["id"] = {**slot["id"], key: dice.choice(VALUES)}
    else:
        slot["value"] = _within(dice, slot.get("value"))
    return body


def _within(dice: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and dice.random() < 0.7:
        key = dice.choice(sorted(value))
        return {**value, key: _within(dice, value[key])}
    if isinstance(value, list) and value and dice.random() < 0.7:
        at = dice.randrange(len(value))
        return [*value[:at], _within(dice, value[at]), *value[at + 1 :]]
    if isinstance(value, str) and value and dice.random() < 0.3:
        at = dice.randrange(len(value))
        return value[:at] + dice.choice(("\x00", "\ud800", "é", "'", "%", "", "-", "9" * 30)) + value[at + 1 :]
    return dice.choice(VALUES)


def _flat(slots: Any) -> list[dict[str, Any]]:
    found = []
    for slot in slots if isinstance(slots, list) else []:
        found += _flat(slot) if isinstance(slot, list) else [slot] if isinstance(slot, dict) else []
    return found


def _envelope(dice: random.Random, body: dict[str, Any], outputs: Sequence[str]) -> dict[str, Any]:
    """Keys, slots and outputs left out, doubled, put elsewhere or of another kind."""
    key = dice.choice(
        ("output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds", "background", "")
    )
    part = body.get(key)
    ways: list[Callable[[], Any]] = [lambda: dice.choice(VALUES)]
    if isinstance(part, list) and part:
        at = dice.randrange(len(part))
        ways += [
            lambda: part[:at] + part[at + 1 :],
            lambda: [*part, part[at]],
            lambda: part[::-1],
            lambda: [*part[:at], dice.choice(VALUES), *part[at + 1 :]],
            lambda: [*part[:at], [part[at]], *part[at + 1 :]],
        ]
        if isinstance(part[at], dict):
            inner = dice.choice(("id", "property", "value"))
            ways.append(lambda: [*part[:at], {**part[at], inner: dice.choice(VALUES)}, *part[at + 1 :]])
            ways.append(lambda: [*part[:at], {k: v for k, v in part[at].items() if k != inner}, *part[at + 1 :]])
    if key == "output":
        ways += [lambda: dice.choice(outputs), lambda: f"{part}x", lambda: f"..{part}.."]
    if dice.random() < 0.15:
        return {name: value for name, value in body.items() if name != key}
    return {**body, key: dice.choice(ways)()}


def _pressed(dice: random.Random, body: dict[str, Any], _outputs: Sequence[str]) -> dict[str, Any]:
    """Another account of what changed."""
    return {**body, "changedPropIds": [dice.choice(PRESSED) for _ in range(dice.choice((0, 1, 1, 2)))]}
