"""What all tables share. The same on SQLite and PostgreSQL; times are UTC, ids are UUIDs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, dataclass_transform

from sqlalchemy import JSON, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column, relationship

from cgn_core.db.column_types import UtcDateTime


def now() -> datetime:
    """The time to store."""
    return datetime.now(UTC)


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column, relationship))
class Model(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        str: String,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        bytes: LargeBinary,
    }
