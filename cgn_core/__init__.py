"""Creator Growth Navigator: what drives follower growth, and what an hour of work returns.

``import cgn_core as cgn`` gives the Python API of :mod:`cgn_core.library`, loaded when first used.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Hand on the library's public names; importing the package alone stays instant."""
    if name.startswith("_"):
        raise AttributeError(name)
    from importlib import import_module

    library = import_module("cgn_core.library")
    if name not in library.__all__:
        message = f"module 'cgn_core' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(library, name)
