"""What a check finds: a verdict, a sentence that names the cause, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cgn_core.logs.redaction import redacted

CLOCK_TOLERANCE = 2.0
"""Seconds by which clocks may differ: leases of 8 seconds are compared between machines."""


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    """It couldn't be looked at, because of another problem."""


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    check: str
    verdict: Verdict
    sentence: str
    remedy: str = ""


def ok(check: str, sentence: str) -> Finding:
    """Nothing is wrong."""
    return Finding(check, Verdict.OK, sentence)


def problem(check: str, sentence: str, remedy: str) -> Finding:
    """Something is; the sentence may quote what a driver said."""
    return Finding(check, Verdict.PROBLEM, redacted(sentence), remedy)


def unknown(check: str, because: str) -> Finding:
    """Another problem is in the way."""
    return Finding(check, Verdict.UNKNOWN, f"Not looked at, because {because}.")


def skewed(whose: str, ahead: float) -> Finding:
    """A clock is so many seconds ahead of this machine's."""
    direction = "ahead of" if ahead > 0 else "behind"
    return problem(
        "clock",
        f"{whose} is {abs(ahead):.0f} seconds {direction} this machine's; leases of jobs are compared between them.",
        "Let all machines take the time from one source (chrony or systemd-timesyncd), then restart the product.",
    )
