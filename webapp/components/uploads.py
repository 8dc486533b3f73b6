"""The place to drop a file, and what the server read in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from cgn_core.services.data_history import count_rejects
from cgn_core.services.imports import Imported
from cgn_core.services.upload_previews import FindingView, UploadView
from webapp import routes
from webapp.components.alerts import Tone, alert, chip
from webapp.components.attributes import data
from webapp.components.cards import button, card, link_button
from webapp.components.fields import field
from webapp.components.icons import icon
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, plural, retold, short_day
from webapp.components.tables import Column, data_table

SEVERITIES: dict[str, tuple[str, Tone]] = {
    "error": ("Error", "down"),
    "warning": ("Warning", "caution"),
    "info": ("Note", "accent"),
}
ROWS_NAMED = 12
CREATORS_SHOWN = 12
"""More of them scroll inside their table."""


def drop_zone(
    *,
    id: str,  # noqa: A002 - Dash's own name for it
    limit: int,
    several: bool = True,
    large: tuple[int, str] | None = None,
) -> Component:
    """Where a file is dropped or chosen; ``limit`` in bytes is checked in the browser too, for a clear sentence.

    ``large``: the limit up to which the browser sends a single CSV in pieces, and the workspace that it is for.
    """
    words = "Drop files here, or " if several else "Drop a file here, or "
    together = "; several files of one account become one history" if several else ""
    inner = html.Div(
        [
            html.Div(icon("upload"), className="empty-glyph"),
            html.P([words, html.Button("choose", type="button", className="link-like")]),
            html.P(
                f"CSV, Excel, JSON or Instagram's ZIP{together}. Up to {limit // 1024 // 1024} MB each"
                + (f", a CSV of many creators up to {large[0] // 1024 // 1024} MB. " if large else ". ")
                + "Nothing is stored before you say so.",
                className="muted small",
            ),
        ]
    )
    zone = dcc.Upload(
        inner,
        id=id,
        multiple=several,
        className="drop-zone",
        className_active="drop-zone drop-zone-active",
        style={},
        style_active={},
    )
    told = {"large_limit": str(large[0]), "large_workspace": large[1]} if large else {}
    return html.Div(zone, **data(upload_limit=str(limit), **told))


@dataclass(frozen=True)
class UploadIds:
    """Component ids of one page's preview."""

    import_: str
    discard: str
    name: str
    answer: str
    """Type of the ids of answers; each has the question's key beside it."""
    again: str
    redrawn: bool = False
    """Whether the page draws the preview anew by itself."""


def upload_preview(view: UploadView, *, ids: UploadIds, name_field: Component) -> Component:
    """What was found in files, what they leave open, what importing them would change, and the button that does it."""
    parts = _files(view)
    open_questions = [each for each in view.questions if each.proposed is None and each.key not in view.answers]
    if open_questions:
        parts.append(alert("Nothing is stored yet. Answer below, then read again.", tone="caution", title="A question"))
    elif not view.importable:
        refused = f"Nothing was stored. Mend {view.file_name} and drop it again."
        parts.append(alert(refused, tone="down", title="This can't be imported."))
    if view.questions:
        parts.append(_questions(view, ids=ids, is_open=bool(open_questions)))
    # A question that stands open is asked above, in the page's own words.
    parts.extend(_findings([finding for finding in view.findings if finding.code != "question"]))
    rejects = count_rejects(view.report)
    if rejects and view.id is not None:
        href = routes.upload_rejects(view.id)
        parts.append(html.P(html.A(f"{plural(rejects, 'row')} left out, as CSV", href=href, download="")))
    if view.creators:
        parts.append(_creators(view))
    if view.competitors:
        names = ", ".join(f"{peer.name} ({plural(peer.rows, 'day')})" for peer in view.competitors)
        parts.append(
            html.P(f"Other accounts in the file: {names}. Add them on the Competitors page.", className="muted")
        )
    if view.importable:
        nothing = all(creator.change.nothing for creator in view.creators)
        words = "Import" if len(view.creators) == 1 else f"Import {len(view.creators)} creators"
        parts.append(name_field)
        # Not disabled but absent: Dash switches a button on again after its callback, which an inserted one calls.
        actions = [] if nothing else [button(words, id=ids.import_, primary=True, glyph="check", redrawn=ids.redrawn)]
        actions.append(button("Close" if nothing else "Discard", id=ids.discard, redrawn=ids.redrawn))
        parts.append(html.Div(actions, className="actions"))
    return card(html.Div(parts, className="stack"), title=view.file_name)


def import_outcome(done: Sequence[Imported]) -> Component:
    """What an import did, with the way to what follows."""
    lines = [html.Li(retold(one.message)) for one in done]
    changed = any(one.changed for one in done)
    href = routes.home(done[0].workspace_id) if len(done) == 1 else routes.PORTFOLIO
    label = f"Open @{done[0].handle}" if len(done) == 1 else "To the portfolio"
    body = html.Div(
        [
            html.Ul(lines, className="plain-list"),
            html.Div(
                [link_button(label, href), link_button("Watch the jobs", routes.JOBS, quiet=True)], className="actions"
            ),
        ],
        className="stack",
    )
    return alert(body, tone="up" if changed else "accent")


def _files(view: UploadView) -> list[Component]:
    """What each file was recognised as; of several, what they are together first."""
    files = view.report.get("files")
    if not files:
        return [_recognised(view.report)]
    joined = html.P(
        [html.Strong(f"{len(files)} files, {plural(int(view.report['rows']), 'day')} together. "), "Joined by account."]
    )
    listed = html.Ul([html.Li([html.Strong(each["file_name"]), _recognised(each)]) for each in files])
    return [joined if view.importable else html.P(html.Strong(f"{len(files)} files")), listed]


def _questions(view: UploadView, *, ids: UploadIds, is_open: bool) -> Component:
    """What the files leave open, each with its choices, and the first rows to decide by."""
    asked = []
    # Those that must be answered first.
    for question in sorted(view.questions, key=lambda one: one.proposed is not None or one.key in view.answers):
        options: list[Any] = [{"value": choice.value, "label": choice.label} for choice in question.choices]
        control = dcc.Dropdown(
            id={"type": ids.answer, "key": question.key},
            options=options,
            value=view.answers.get(question.key, question.proposed),
            clearable=False,
            searchable=False,
            placeholder="choose",
        )
        hint = "answered at an earlier import" if question.key in view.remembered else ""
        asked.append(field(question.sentence, control, hint=hint))
    again = button("Read again", id=ids.again, glyph="check", primary=is_open, redrawn=ids.redrawn)
    parts: list[Component] = [*asked, html.Div(again, className="actions")]
    for name, sample in view.samples:
        columns = [Column(str(place), header or f"column {place + 1}") for place, header in enumerate(sample.header)]
        rows = [{str(place): cell for place, cell in enumerate(row)} for row in sample.rows]
        table = data_table(columns, rows, caption=f"First rows of {name}")
        parts.append(html.Details([html.Summary(f"First rows of {name}"), html.Div(table, className="scroll-list")]))
    words = "Questions" if is_open else f"{plural(len(view.questions), 'choice')} you can change"
    return html.Details([html.Summary(words), html.Div(parts, className="stack")], open=is_open, className="more")


def _recognised(report: Mapping[str, Any]) -> Component:
    layouts = {
        "own": "our own layout",
        "public39": "the 39-column layout",
        "table": "a table of days",
        "social_blade": "a Social Blade export",
        "sprout": "a Sprout Social export",
        "business_suite_metrics": "daily metrics of Meta Business Suite",
        "business_suite_content": "Meta Business Suite's list of posts",
        "instagram_download": "Instagram's download of an account",
    }
    if not report.get("rows"):
        return html.P("No rows could be read.", className="muted")
    if not report.get("from"):
        return html.P("Nothing in it is used here.", className="muted")
    said = layouts.get(str(report.get("format")), str(report.get("format")))
    span = f"{short_day(report.get('from'))} to {short_day(report.get('to'))}"
    renamed = [
        f"{source} \N{RIGHTWARDS ARROW} {name}" for source, name in report.get("columns", {}).items() if source != name
    ]
    words = html.P([html.Strong(f"{plural(int(report['rows']), 'row')}, {span}. "), f"Recognised as {said}."])
    if not renamed:
        return words
    more = html.Details(
        [html.Summary(f"{plural(len(renamed), 'column')} read under another name"), html.P(", ".join(renamed))],
        className="more small",
    )
    return html.Div([words, more])


def _findings(findings: Sequence[FindingView]) -> list[Component]:
    if not findings:
        return [alert("No problems found.", tone="up")]
    order = list(SEVERITIES)
    listed = sorted(findings, key=lambda finding: order.index(finding.severity))
    rows = [
        {
            "severity": chip(SEVERITIES[finding.severity][0], tone=SEVERITIES[finding.severity][1]),
            "message": html.Span(retold(finding.message), className="words"),
            "rows": _lines(finding.rows),
        }
        for finding in listed
    ]
    columns = [Column("severity", "Severity"), Column("message", "Finding"), Column("rows", "Lines in the file")]
    return [html.Div(data_table(columns, rows, caption="Findings in the file"), className="scroll-list")]


def _lines(rows: Sequence[int]) -> str:
    shown = ", ".join(str(row) for row in rows[:ROWS_NAMED])
    return shown + (f" and {count(len(rows) - ROWS_NAMED)} more" if len(rows) > ROWS_NAMED else "")


def _creators(view: UploadView) -> Component:
    rows = [
        {
            "creator": f"@{creator.handle}" if creator.handle else "no name in the file",
            "days": count(creator.rows),
            "span": f"{short_day(creator.first_date)} to {short_day(creator.last_date)}",
            "where": chip("existing workspace", tone="accent")
            if creator.workspace_id
            else chip("new workspace", tone="up"),
            "change": retold(creator.change.sentence),
        }
        for creator in view.creators
    ]
    columns = [
        Column("creator", "Creator", primary=True),
        Column("days", "Days", numeric=True),
        Column("span", "From, to"),
        Column("where", "Goes to"),
        Column("change", "What would change"),
    ]
    table = data_table(columns, rows, caption="What importing would change")
    return html.Div(table, className="scroll-list") if len(rows) > CREATORS_SHOWN else table
