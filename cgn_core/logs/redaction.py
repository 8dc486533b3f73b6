"""What no log line and no report of an error may say: who somebody is, and what opens a door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]+(?:\.[\w-]+)+")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
# The driver quotes the row that broke a constraint: a name or an address, as often as not.
_QUOTED_ROW = re.compile(r"(?<=DETAIL:  )[^\n\\]*")


def redacted(text: str) -> str:
    """The text without e-mail addresses, without what stands before the host in an address, without quoted rows."""
    return _ADDRESS.sub("<e-mail>", _CREDENTIALS.sub("<credentials>@", _QUOTED_ROW.sub("<row>", text)))


def redacted_deeply(value: Any) -> Any:
    """Redact every text in plain values."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: redacted_deeply(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_deeply(one) for one in value]
    return value
