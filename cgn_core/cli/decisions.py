"""``cgn compare, plan, diagnose, benchmark``: which model, what to post, what is wrong, and how peers do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgn_core.cli.output import Json, number, print_json, print_table, progress_bar, say
from cgn_core.cli.sources import Creator, FileOrModel, FilePath, Model, read_daily, training_of

if TYPE_CHECKING:
    from cgn_core.tables import Daily

Level = Annotated[float, typer.Option(help="Of the intervals.")]


def compare(
    file: FilePath,
    models: Annotated[str | None, typer.Option(help="Only these, such as daily,huber,ols.")] = None,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Rank the models beside the naive forecasts, each week forecast from the weeks before it alone."""
    from cgn_core import library

    wanted = None if models is None else [_model(name) for name in models.split(",") if name.strip()]
    if wanted == []:
        raise typer.BadParameter("name at least one model, such as daily,huber", param_hint="--models")
    daily = read_daily(file, creator)
    with progress_bar() as progress:
        result = library.compare(daily, models=wanted, progress=progress)
    if as_json:
        print_json(result.to_json())
        return
    print_table(
        "Off by, on unseen weeks",
        ("", "followers a week", "low", "high"),
        [(r.model, number(r.mae, 0), number(r.mae_low, 0), number(r.mae_high, 0)) for r in result.ranking],
    )
    say(f"Chosen: {result.chosen}. {result.reason}")
    for why in dict.fromkeys(result.left_out.values()):
        names = ", ".join(name for name, its in result.left_out.items() if its == why)
        say(f"Not ranked: {names}. {why}")


def plan(
    file: FileOrModel,
    hours: Annotated[float, typer.Option(help="Of work a week, at most.")],
    weeks: Annotated[int, typer.Option(min=1, max=12, help="How many weeks to plan.")] = 4,
    risk: Annotated[
        float, typer.Option(help="0.5 plans for the expected growth; lower is careful, 0.1 for a bad tenth.")
    ] = 0.5,
    level: Level = 0.9,
    model: Annotated[Model | None, typer.Option(help="Only this model.")] = None,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Plan the weeks that bring the most within the hours."""
    from cgn_core import library

    trained = training_of(file, model=model, creator=creator)
    answer = library.plan(trained, hours=hours, weeks=weeks, risk=risk, level=level)
    document = answer.to_json()
    if as_json:
        print_json(document)
        return
    kinds = [name for name in ("posts", "reels", "stories", "ads") if name in document["weeks"][0]]
    print_table(
        f"At most {hours:g} hours a week",
        ("week of", *kinds, "hours"),
        [
            (week["week"], *(number(week[name], 0) for name in kinds), number(week["hours"]))
            for week in document["weeks"]
        ],
    )
    for sentence in document["sentences"]:
        say(sentence)


def diagnose(
    file: FilePath,
    model: Annotated[Model, typer.Option(help="Whose residuals to judge.")] = Model.DAILY,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Drift, saturation, carry-over, viral days, residual tests, influential weeks, collinearity."""
    from cgn_core import library

    found = library.diagnose(read_daily(file, creator), model=model.value)
    if as_json:
        print_json(found.to_json())
        return
    for sentence in found.sentences:
        say(sentence)
    print_table(
        "Residual tests",
        ("", "statistic", "p", "verdict"),
        [(name, number(t.statistic, 2), number(t.p_value, 3), t.verdict) for name, t in found.fit.residuals.items()],
    )
    print_table(
        "Health", ("", "light", "evidence"), [(light.topic, light.colour, light.evidence) for light in found.fit.lights]
    )
    for caution in found.cautions:
        say(f"Note: {caution.message}")


def benchmark(
    file: FilePath,
    competitor: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE", help="A competitor's daily numbers; may be given again.")
    ] = None,
    level: Level = 0.9,
    creator: Creator = None,
    as_json: Json = False,
) -> None:
    """Growth relative to size, cadence, mix and engagement beside competitors."""
    from cgn_core import library

    peers = dict(_peer(text) for text in competitor or [])
    if not peers:
        raise typer.BadParameter("give at least one competitor as NAME=FILE", param_hint="--competitor")
    if len(peers) < len(competitor or []):
        raise typer.BadParameter("two competitors have the same name", param_hint="--competitor")
    own = read_daily(file, creator)
    result = library.benchmark(own, {name: _peer_daily(name, path) for name, path in peers.items()}, level=level)
    document = result.to_json()
    if as_json:
        print_json(document)
        return
    say(result.sentence)
    print_table(
        f"Among peers, over {result.weeks} weeks",
        ("", "own", "percentile", "low", "high"),
        [
            (name, *(number(value, 4 if key == "value" else 0) for key, value in found.items()))
            for name, found in document["percentiles"].items()
        ],
    )


def _model(name: str) -> str:
    try:
        return Model(name.strip()).value
    except ValueError:
        known = ", ".join(model.value for model in Model)
        raise typer.BadParameter(
            f"there is no model {name.strip()}; there are {known}", param_hint="--models"
        ) from None


def _peer(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not separator or not name.strip() or not path.strip():
        raise typer.BadParameter(f"write competitors as NAME=FILE, not {text!r}", param_hint="--competitor")
    return name.strip(), Path(path.strip())


def _peer_daily(name: str, path: Path) -> Daily:
    """The competitor's table; where its file holds several creators, the one of that name."""
    from cgn_core import library

    found = library.read_many(path)
    return found[name] if name in found else read_daily(path, None)
