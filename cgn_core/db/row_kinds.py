"""What kinds of promotions, kept forecasts, schedules and changes there are; stored as text."""

from __future__ import annotations

from enum import StrEnum


class PromotionKind(StrEnum):
    """Why a model came into force."""

    FIRST = "first"
    SAME_FORM = "same_form"
    """The champion's own form, estimated again on newer data."""
    BETTER = "better"
    """Another form, better on the same unseen weeks beyond chance."""
    NAIVE = "naive"
    """No model beats the naive forecast any more, so that is what is shown."""
    SCHEMA = "schema"
    """The champion no longer fits what the data hold."""
    BY_HAND = "by_hand"


class Occasion(StrEnum):
    """Why a forecast was shown."""

    USUAL = "usual"
    """Next week, posting as in the last four weeks: what every page says once a model is in force."""
    SCENARIO = "scenario"
    """A plan that somebody tried on the Predictor."""


class ScheduleKind(StrEnum):
    """What happens again and again."""

    RETRAIN_MONTHLY = "retrain_monthly"
    RETRAIN_BEHIND = "retrain_behind"
    """Every night, where the data are so many weeks ahead of the last training, or growth left its path since."""
    SCORE_NIGHTLY = "score_nightly"
    REPORT_WEEKLY = "report_weekly"
    REPORT_MONTHLY = "report_monthly"

    @property
    def reports(self) -> bool:
        """Whether client reports are made, and mailed where somebody is named."""
        return self in {ScheduleKind.REPORT_WEEKLY, ScheduleKind.REPORT_MONTHLY}


class Change(StrEnum):
    """What became of a saved scenario or a note, as the audit log tells it."""

    SAVED = "saved"
    EDITED = "edited"
    REMOVED = "removed"
    RESTORED = "restored"
