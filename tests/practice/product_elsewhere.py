"""A product that runs elsewhere, in containers say: stories reach it through its published port and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass

from portal_visitor import Visitor

READY_SECONDS = 120
PREFIX = "STORIES_"


@dataclass(frozen=True)
class ProductElsewhere:
    """What the stories need of it; takes the place of a Product that the tests start themselves."""

    port: int
    email: str
    password: str
    token: str
    """Of the REST API."""

    @property
    def visitor(self) -> Visitor:
        return Visitor(f"http://127.0.0.1:{self.port}")

    def ensure_running(self) -> None:
        self.visitor.wait_until_ready(READY_SECONDS)

    def sign_in_words(self) -> tuple[str, str]:
        return self.email, self.password

    def new_token(self) -> str:
        return self.token

    def environment(self) -> dict[str, str]:
        """The variables that name it to a test run."""
        told = {"PORT": str(self.port), "EMAIL": self.email, "PASSWORD": self.password, "TOKEN": self.token}
        return {f"{PREFIX}{name}": value for name, value in told.items()}


def named_by_environment() -> ProductElsewhere | None:
    """The product that ``make containers`` wants its stories told to; None where tests start their own."""
    if not os.environ.get(f"{PREFIX}PORT"):
        return None
    port, email, password, token = (os.environ[f"{PREFIX}{name}"] for name in ("PORT", "EMAIL", "PASSWORD", "TOKEN"))
    return ProductElsewhere(int(port), email, password, token)
