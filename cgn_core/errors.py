"""One exception tree. An exception's docstring is its default message, for the person who sees it."""

from __future__ import annotations

from typing import ClassVar


class CgnError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        """The sentence to show."""
        return str(self)


class InvalidInput(CgnError):
    """What was entered can't be used."""

    code = "invalid_input"


class UnreadableFile(InvalidInput):
    """The file can't be read as a table of daily metrics."""

    code = "unreadable_file"


class FileTooLarge(InvalidInput):
    """The file is larger than 50 MB; split it by creator or by year and import the parts."""

    code = "file_too_large"


class NotImportable(InvalidInput):
    """The file has errors; nothing was stored. Mend the rows named in the findings and upload it again."""

    code = "not_importable"


class StatisticsError(InvalidInput):
    """The data can't answer this question."""

    code = "statistics"


class TooFewObservations(StatisticsError):
    """There are too few complete weeks for this."""

    code = "too_few_observations"


class ConstantSeries(StatisticsError):
    """The series never changes, so nothing can be learned from it."""

    code = "constant_series"


class LeakageError(StatisticsError):
    """A predictor is computed from the week it should predict."""

    code = "leakage"


class UnsupportedLevel(StatisticsError):
    """The history is too short for an interval of this level."""

    code = "unsupported_level"


class NotFound(CgnError):
    """There is no such page or object, or it isn't yours to see."""

    code = "not_found"


class InvalidLink(NotFound):
    """The link doesn't work any more: it was used, taken back or has expired. Ask whoever sent it for a new one."""

    code = "invalid_link"


class Forbidden(CgnError):
    """Your role doesn't allow this; ask an owner of your agency."""

    code = "forbidden"


class Conflict(CgnError):
    """Somebody changed this meanwhile; reload the page and try again."""

    code = "conflict"


class QuotaExceeded(CgnError):
    """Your agency already has its limit of jobs waiting; wait for one to finish or cancel one."""

    code = "quota_exceeded"


class Cancelled(CgnError):
    """The job was cancelled."""

    code = "cancelled"


class LostClaim(CgnError):
    """The job is no longer this worker's."""

    code = "lost_claim"


class MailNotSent(CgnError):
    """The mail server did not take the message; try again, or download the file and send it yourself."""

    code = "mail_not_sent"


class SetupError(CgnError):
    """The product can't start with this set-up."""

    code = "setup"
