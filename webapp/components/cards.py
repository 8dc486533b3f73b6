"""Page headings, cards, metric cards and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

from webapp.components.alerts import Tone
from webapp.components.attributes import HIDDEN, aria, data
from webapp.components.icons import icon
from webapp.components.markup import dcc, html
from webapp.components.presses import writes_press


def page_header(title: str, subtitle: Any = None, *actions: Component) -> Component:
    """A page's heading: its name, one sentence, and its actions at the right (one primary at most)."""
    return html.Div(
        [
            html.Div(
                [
                    html.H1(title, className="page-title", id="page-title", tabIndex="-1"),
                    html.P(subtitle, className="muted page-subtitle") if subtitle is not None else None,
                ],
                className="page-words",
            ),
            html.Div(list(actions), className="actions") if actions else None,
        ],
        className="page-header",
    )


def card(
    *children: Any,
    title: Any = None,
    aside: Any = None,
    action: Component | None = None,
    marks: Sequence[Component] = (),
    id: str | None = None,  # noqa: A002 - Dash's own name for it
    className: str = "",  # noqa: N803 - Dash's own name for it
) -> Component:
    """A surface with a 1-pixel border. ``aside`` is muted text after the title, ``action`` stands at the right.

    ``marks`` are those of :mod:`webapp.components.explain`, beside the title.
    """
    heading = None
    if title is not None or action is not None:
        words: list[Component] = [html.H2(title, className="card-title")] if title is not None else []
        if aside is not None:
            words.append(html.Span(aside, className="muted card-aside"))
        words += marks
        heading = html.Div([html.Div(words, className="card-words"), action], className="card-head")
    named: dict[str, Any] = {"id": id} if id is not None else {}
    return html.Section([heading, *children], className=f"panel {className}".strip(), **named)


def metric_card(
    label: str,
    value: Any,
    note: Any = None,
    *,
    tone: Tone | None = None,
    note_tone: Tone | None = None,
    marks: Sequence[Component] = (),
) -> Component:
    """A number with its name above and its interval, unit or comparison below; ``marks`` explain it."""
    return html.Div(
        [
            html.Div([label, *marks] if marks else label, className="metric-label" + (" marked" if marks else "")),
            html.Div(value, className="metric-value" + (f" text-{tone}" if tone else "")),
            html.Div(note, className=f"metric-note text-{note_tone or 'muted'}") if note is not None else None,
        ],
        className="panel metric",
    )


def metric_row(*cards: Component) -> Component:
    """Metric cards side by side, wrapping on narrow screens."""
    return html.Div(list(cards), className="metrics")


def columns(*parts: Component, wide: bool = False) -> Component:
    """Cards side by side, one under the other on narrow screens; ``wide`` gives the first more room."""
    return html.Div(list(parts), className="columns columns-wide" if wide else "columns")


def button(
    text: str,
    *,
    id: Any,  # noqa: A002 - Dash's own name for it
    primary: bool = False,
    glyph: str | None = None,
    quiet: bool = False,
    danger: bool = False,
    disabled: bool = False,
    redrawn: bool = False,
    of: str = "",
    small: bool = False,
    label: str | None = None,
    leaves: bool = False,
) -> Component:
    """A button that a callback listens to.

    ``redrawn``: its presses are kept outside the part that is drawn anew; ``of`` is then the row that it stands in.
    ``label`` says to a screen reader which of several like it this is. ``leaves``: Escape presses it too.
    """
    kind = "button-primary" if primary else "button-quiet" if quiet else "button-plain"
    return html.Button(
        [*([icon(glyph)] if glyph else []), text],
        **(writes_press(id, of=of) if redrawn else {"id": id, "n_clicks": 0}),
        disabled=disabled,
        className=f"button {kind}" + (" button-danger" if danger else "") + (" button-small" if small else ""),
        type="button",
        **(aria(label=label) if label else {}),
        **(data(leaves="") if leaves else {}),
    )


def link_button(
    text: str, href: str, *, primary: bool = False, glyph: str | None = None, quiet: bool = False
) -> Component:
    """A button that goes to a page. ``href`` comes from :mod:`webapp.routes`, never from data."""
    kind = "button-primary" if primary else "button-quiet" if quiet else "button-plain"
    return dcc.Link([*([icon(glyph)] if glyph else []), text], href=href, className=f"button {kind}")


def download_button(text: str, href: str) -> Component:
    """A link to a file that the server makes; not a page, so the browser fetches it."""
    return html.A([icon("download"), text], href=href, className="button button-plain", download="")


def avatar(name: str) -> Component:
    """The first letters of a name in a round; decoration, the name stands beside it."""
    letters = "".join(part[0] for part in name.replace(".", " ").replace("_", " ").split()[:2]) or "?"
    return html.Span(letters.upper(), className="avatar", **HIDDEN)
