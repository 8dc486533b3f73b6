"""Agencies and their users."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.access import Role
from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model, now
from cgn_core.figures.locales import HOUSE

OWN_COLOUR = "#4C5FD5"
"""The product's own accent."""


class Agency(Model):
    """A growth agency: users and workspaces belong to one."""

    __tablename__ = "agencies"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    brand_colour: Mapped[str] = mapped_column(default=OWN_COLOUR, server_default=OWN_COLOUR)
    """#RRGGBB, dark enough to be read on white; reports are headed in it."""
    second_factor_required: Mapped[bool] = mapped_column(default=False)
    """Whoever has none is led to set one up before anything else."""
    files_kept_days: Mapped[int | None] = mapped_column(default=None)
    """After so many days files that jobs made are deleted; None leaves it to the installation."""
    jobs_kept_days: Mapped[int | None] = mapped_column(default=None)
    """After so many days jobs that have ended are deleted; None keeps them."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class User(Model):
    """Someone who signs in."""

    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(stored_enum(Role))
    password_hash: Mapped[str] = mapped_column(repr=False)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    """No member any more; kept so that it can be undone. Whoever is removed is disabled too."""
    deleted_at: Mapped[datetime | None] = mapped_column(default=None)
    """Who it was is forgotten for good; the row stays for what they did."""
    hidden_guides: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")
    """Pages whose explaining note the user has put away; ``*`` stands for all."""
    number_format: Mapped[str] = mapped_column(default=HOUSE, server_default=HOUSE)
    """How numbers and days are written for them: a code of ``figures.locales.OFFERED``, or ``browser``."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
