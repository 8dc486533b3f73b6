"""Which API tokens an actor may see and take back."""

from __future__ import annotations

from sqlalchemy import Select, false, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import ApiToken


def readable_tokens(actor: Actor) -> Select[ApiToken]:
    """The tokens ``actor`` may see: their own, and everybody's in the agency for those who manage them."""
    agency = select(ApiToken).where(ApiToken.agency_id == actor.agency_id)
    if actor.may(Action.MANAGE_TOKENS):
        return agency
    return agency.where(ApiToken.user_id == actor.user_id if actor.may(Action.MAKE_TOKENS) else false())


def editable_tokens(actor: Actor) -> Select[ApiToken]:
    """The tokens ``actor`` may take back: those they may see."""
    return readable_tokens(actor)
