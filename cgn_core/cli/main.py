"""The ``cgn`` command: which commands there are, and where each one's code lies.

Commands are listed with their help here and imported when they are called: `cgn --help` must answer at once.
"""

from __future__ import annotations

import importlib
import inspect
import io
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cgn_core.db.scope import Crossing, set_for_process
from cgn_core.errors import CgnError

PLAIN: None = None
"""Help and usage errors as plain text: drawing their boxes would take half of the 0.3 s that help may take."""


@dataclass(frozen=True)
class Lazy:
    """A command that is imported when it is called: ``module:function``, or ``module:typer_app`` for a group."""

    target: str
    help: str


COMMANDS = {
    "up": Lazy("cgn_core.cli.up:up", "Run the whole product on this machine until Ctrl-C."),
    "worker": Lazy("cgn_core.cli.worker:worker", "Do the jobs that wait in the queues, until told to stop."),
    "generate": Lazy("cgn_core.cli.generate:generate", "Write synthetic creators whose true effects are known."),
    "validate": Lazy("cgn_core.cli.validate:validate", "Say what a file holds and what is wrong with it."),
    "train": Lazy("cgn_core.cli.analysis:train", "Train on a file: effects, scores on unseen weeks, the verdict."),
    "compare": Lazy("cgn_core.cli.decisions:compare", "Rank the models beside the naive forecasts."),
    "cv": Lazy("cgn_core.cli.analysis:cv", "Validate a model by rolling origin."),
    "predict": Lazy("cgn_core.cli.analysis:predict", "Forecast next week under one or more plans."),
    "plan": Lazy("cgn_core.cli.decisions:plan", "Plan the weeks that bring the most within the hours."),
    "diagnose": Lazy("cgn_core.cli.decisions:diagnose", "Drift, saturation, carry-over and the health of a fit."),
    "benchmark": Lazy("cgn_core.cli.decisions:benchmark", "Growth, cadence, mix and engagement beside competitors."),
    "report": Lazy("cgn_core.cli.report:report", "Write a client report of a file: HTML, PDF or Excel."),
    "doctor": Lazy("cgn_core.cli.doctor:doctor", "Say what is wrong with this set-up, and what to do about it."),
    "backup": Lazy("cgn_core.cli.backup:backup", "Back everything up, check a backup, put it back."),
    "db": Lazy("cgn_core.cli.admin:db", "Administer the database."),
    "token": Lazy("cgn_core.cli.tokens:token", "Make, list and take back API tokens."),
    "user": Lazy("cgn_core.cli.users:user", "Administer accounts."),
    "workspace": Lazy("cgn_core.cli.workspaces:workspace", "Administer access to workspaces."),
}


def load(name: str) -> Any:
    """The real command of this name."""
    module, _, attribute = COMMANDS[name].target.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command = typer.main.get_command(found)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode=PLAIN)
        # What a function raises is told to those who call it, not to those who type it.
        alone.command(name, help=(inspect.getdoc(found) or "").partition("\n\nRaises:")[0])(found)
        command = typer.main.get_command(alone)
    command.name = name
    return command


class LazyCommands(TyperGroup):
    """Shows every command from the list above, and loads only the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the list's order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that knows its help; enough for `cgn --help` and for suggestions."""
        del ctx
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name].help) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command that was called."""
        if args and args[0] in COMMANDS:
            return args[0], load(args[0]), args[1:]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyCommands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=PLAIN,
    name="cgn",
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - Typer hands it over so
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"cgn {version('creator-growth-navigator')}\n")
        raise typer.Exit


@app.callback()
def cgn(
    *,
    version: Annotated[  # noqa: ARG001 - acted on before any command
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """What drives a creator's follower growth, and what an hour of work returns."""
    set_for_process(Crossing.EVERYTHING)  # whoever may run this administers the installation


def run() -> None:
    """Run the command line: 0 done, 1 the data or the question is at fault (a sentence on stderr), 2 wrong usage."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter still gets the answer
    try:
        app()
    except CgnError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(1)


if __name__ == "__main__":
    run()
