"""``cgn train, cv, predict``: the library's answers on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cgn_core.cli.output import Json, number, print_json, print_table, progress_bar, say
from cgn_core.cli.sources import (
    Creator,
    FileOrModel,
    FilePath,
    Model,
    read_daily,
    train_on,
    training_of,
    write_model,
)

EXPANDING = "expanding"
EXTRAPOLATION = {
    "beyond_support": "more than any week of the history, so this extrapolates.",
    "refused": "far more than any week of the history; nothing can be said.",
}


def train(
    file: FilePath,
    model: Annotated[Model | None, typer.Option(help="Only this model; default: the best on unseen weeks.")] = None,
    save: Annotated[Path | None, typer.Option(metavar="MODEL.json", help="Keep the model for `cgn predict`.")] = None,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Train: effects with intervals, scores on unseen weeks, and whether anything beats the naive forecast."""
    trained = train_on(read_daily(file, creator), model)
    document = trained.to_json()
    if save is not None:
        write_model(save, document)
    if as_json:
        print_json(document)
        return
    say(f"{document['model']}, {trained.weeks} weeks: {trained.verdict.replace('_', ' ')}. {trained.reason}")
    if trained.fit.effects:
        print_table(
            "Effects",
            ("", "estimate", "low", "high", "level"),
            [
                (e.unit, number(e.estimate), number(e.low), number(e.high), f"{e.level:.0%}")
                for e in trained.fit.effects
            ],
        )
    else:
        say("What a piece of content brings can't be known from this history.")
    print_table(
        "Off by, on unseen weeks",
        ("", "followers a week", "low", "high"),
        [(r.model, number(r.mae, 0), number(r.mae_low, 0), number(r.mae_high, 0)) for r in trained.ranking],
    )
    for caution in trained.cautions:
        say(f"Note: {caution.message}")


def cv(
    file: FilePath,
    model: Annotated[Model, typer.Option(help="Model to validate.")] = Model.DAILY,
    initial: Annotated[int | None, typer.Option(min=6, help="Weeks before the first forecast.")] = None,
    horizon: Annotated[int, typer.Option(min=1, help="Weeks ahead.")] = 1,
    step: Annotated[int, typer.Option(min=1, help="Weeks from one origin to the next.")] = 1,
    gap: Annotated[int, typer.Option(min=0, help="Weeks left out before the forecast week.")] = 0,
    window: Annotated[str, typer.Option(help="expanding, or weeks of a rolling window.")] = EXPANDING,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.9,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Validate a model by rolling origin: each week is forecast from the weeks before it alone."""
    from cgn_core import library
    from cgn_core.stats.validation import default_initial

    if window != EXPANDING and not (window.isdecimal() and int(window) >= 8):  # noqa: PLR2004 - fewest weeks of a fit
        raise typer.BadParameter("expanding, or a number of weeks of at least 8", param_hint="--window")
    daily = read_daily(file, creator)
    grammar = library.Grammar(
        initial=initial or default_initial(int(daily.weekly()["is_target"].sum())),
        horizon=horizon,
        step=step,
        gap=gap,
        window=None if window == EXPANDING else int(window),
    )
    with progress_bar() as progress:
        result = library.cross_validate(daily, model=model.value, grammar=grammar, level=level, progress=progress)
    if as_json:
        print_json(result.to_json())
        return
    columns = {model.value: result.scores, **result.baselines}
    names = list(result.scores)
    rows = [(name, *(number(scores.get(name), 2) for scores in columns.values())) for name in names]
    print_table(
        f"{result.origins} unseen {'week' if result.origins == 1 else 'weeks'}, {horizon} ahead", ("", *columns), rows
    )
    held = ", ".join(f"{float(key):.0%}: {share:.0%}" for key, share in result.coverage.items())
    say(f"Intervals held: {held}")


def predict(
    file: FileOrModel,
    plan: Annotated[list[str] | None, typer.Option(help="posts=5,reels=4; what is left out is as usual.")] = None,
    level: Annotated[float, typer.Option(help="Of the interval.")] = 0.9,
    model: Annotated[Model | None, typer.Option(help="Only this model.")] = None,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Forecast next week under one or more plans."""
    from cgn_core import library

    plans = [_plan(text) for text in plan or [""]]
    trained = training_of(file, model=model, creator=creator)
    answers = library.predict(trained, plans, level=level)
    if as_json:
        print_json(
            {
                "level": level,
                "method": trained.fit.predictor.method,
                "week_start": trained.fit.predictor.week_start,
                "predictions": [answer.to_json() for answer in answers],
            }
        )
        return
    columns = ("plan", "expected", "median", "low", "high", "repeatable", "viral")
    rows = [
        (
            ", ".join(f"{name} {count:g}" for name, count in answer.plan.items()),
            *(number(getattr(answer, name), 0) for name in columns[1:]),
        )
        for answer in answers
    ]
    print_table(f"Followers in the week of {trained.fit.predictor.week_start}, {level:.0%} interval", columns, rows)
    for place, answer in enumerate(answers, start=1):
        if answer.extrapolation != "none":
            say(f"Plan {place}: {EXTRAPOLATION[answer.extrapolation]}")


def _plan(text: str) -> dict[str, float]:
    plan: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, count = part.partition("=")
        if name.strip() in plan:
            raise typer.BadParameter(f"{name.strip()} stands twice in {text!r}", param_hint="--plan")
        try:
            plan[name.strip()] = float(count)
        except ValueError:
            raise typer.BadParameter(f"write counts like posts=5,reels=4, not {part!r}", param_hint="--plan") from None
    return plan
