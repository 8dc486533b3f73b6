"""Client reports of files: the document that the portal makes of a workspace, and what it is written as."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from cgn_core.errors import InvalidInput, StatisticsError, TooFewObservations, UnreadableFile
from cgn_core.figures.tokens import LIGHT
from cgn_core.figures.wording import model_name, plural
from cgn_core.reporting.contents import Coming, Findings, Returns, compose
from cgn_core.reporting.document import Document, Fact, to_html
from cgn_core.reporting.paper import to_pdf
from cgn_core.reporting.workbook import to_xlsx
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.past_weeks import past_weeks
from cgn_core.stats.predictive import predict
from cgn_core.stats.returns import OverallReturn, content_returns, overall_return
from cgn_core.stats.training import Training, train
from cgn_core.stats.validation import Progress, no_progress
from cgn_core.tables import DEFAULT_MINUTES, Daily, Provenance, growth_columns

LEVEL = 0.9
REPORT_FORMS: dict[str, Callable[[Document], bytes]] = {
    "html": lambda document: to_html(document).encode(),
    "pdf": to_pdf,
    "xlsx": to_xlsx,
}
"""By what the file's name ends in."""


def report(
    daily: Daily,
    trained: Training | None = None,
    *,
    today: date,
    files: Sequence[str | Path] = (),
    agency: str = "",
    colour: str = LIGHT["accent"],
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    progress: Progress = no_progress,
) -> Document:
    """The client report of a creator; a history that nothing can be learned from is reported without a model.

    Args:
        daily: the creator's numbers.
        trained: on them; trained now where it is left out.
        today: the day that the report names.
        files: where the numbers come from, to be named with their hashes.
        agency: whose report it is.
        colour: of the agency, #RRGGBB.
        minutes: of work per piece, for what an hour returns.
        progress: of the training.

    Raises:
        UnreadableFile: one of ``files`` isn't there any more.
    """
    why = ""
    if trained is None:
        try:
            trained = train(daily, minutes=minutes, progress=progress)
        except StatisticsError as error:
            why = error.message
    weekly = daily.weekly()
    followers = daily.frame["followers"].dropna().tolist() if "followers" in daily.frame else []
    provisional = (daily.provenance[list(growth_columns(daily.frame))] == Provenance.PROVISIONAL).any(axis=1)
    named = ", ".join(Path(each).name for each in files)
    return compose(
        Findings(
            handle=daily.creator or (Path(files[0]).stem if files else "creator"),
            agency=agency,
            colour=colour,
            today=today,
            last_date=daily.frame["date"].iloc[-1].date(),
            followers=float(followers[-1]) if followers else None,
            provisional_days=int(provisional.sum()),
            past=past_weeks(weekly, trained, is_current_data=True),
            training=trained,
            forecast=_coming(trained) if trained else None,
            forecast_week=trained.fit.predictor.week_start if trained else "",
            returns=_returns(trained, daily, dict(minutes)) if trained else None,
            shown=None,
            peers=None,
            warnings=(why,) if why else (),
            sources=tuple(_sources(daily, trained, files)),
            versions=(f"{named}, " if named else "") + (model_name(trained.chosen).lower() if trained else "no model"),
        )
    )


def write_report(document: Document, path: str | Path) -> None:
    """Write a report as what the file's name ends in: html, pdf or xlsx.

    Raises:
        InvalidInput: another ending, or the file can't be written.
    """
    target = Path(path)
    form = target.suffix.lower().removeprefix(".")
    if form not in REPORT_FORMS:
        raise InvalidInput(f"{target} must end in .{', .'.join(list(REPORT_FORMS)[:-1])} or .{list(REPORT_FORMS)[-1]}.")
    content = REPORT_FORMS[form](document)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"{target} can't be written: {error.strerror}.") from None


def _coming(trained: Training) -> Coming:
    predictor = trained.fit.predictor
    usual = predict(predictor, {}, level=supported_level(predictor.n_residuals, wanted=LEVEL))
    # The usual plan is the mean of weeks that were seen, so it always has numbers.
    assert usual.expected is not None
    assert usual.median is not None
    assert usual.low is not None
    assert usual.high is not None
    return Coming(usual.expected, usual.median, usual.low, usual.high, usual.level)


def _returns(trained: Training, daily: Daily, minutes: dict[str, float]) -> Returns:
    weekly = daily.weekly()
    overall: OverallReturn | None = None
    try:
        overall = overall_return(weekly, minutes=minutes, level=LEVEL)
    except TooFewObservations:
        overall = None
    return Returns(minutes, content_returns(trained.fit, weekly, minutes=minutes, level=LEVEL), overall, LEVEL)


def _sources(daily: Daily, trained: Training | None, files: Sequence[str | Path]) -> list[Fact]:
    sources = [Fact("Data", plural(len(daily.frame), "day"))]
    sources += [Fact(f"SHA-256 of {each.name}", _hash(each)) for each in map(Path, files)]
    if trained is not None:
        sources += [
            Fact("Model", f"{model_name(trained.chosen).lower()}, on {plural(trained.weeks, 'week')}"),
            Fact("Judged on", f"{plural(trained.validation.origins, 'week')} that the model had not seen"),
        ]
    return [*sources, Fact("Code", f"Creator Growth Navigator, version {version('creator-growth-navigator')}")]


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror}.") from None
