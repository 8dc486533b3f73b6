"""The place to drop a file, and what the server read in it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from cgn_core.services.imports import Imported
from cgn_core.services.upload_previews import FindingView, UploadView
from webapp import routes
from webapp.components.alerts import Tone, alert, chip
from webapp.components.attributes import data
from webapp.components.cards import button, card, link_button
from webapp.components.icons import icon
from webapp.components.numbers import count, plural, short_day
from webapp.components.tables import Column, data_table

SEVERITIES: dict[str, tuple[str, Tone]] = {
    "error": ("Error", "down"),
    "warning": ("Warning", "caution"),
    "info": ("Note", "accent"),
}
ROWS_NAMED = 12


def drop_zone(*, id: str, limit: int) -> Component:  # noqa: A002 - Dash's own name for it
    """Where a file is dropped or chosen; ``limit`` in bytes is checked in the browser too, for a clear sentence."""
    inner = html.Div(
        [
            html.Div(icon("upload"), className="empty-glyph"),
            html.P(["Drop a file here, or ", html.Button("choose one", type="button", className="link-like")]),
            html.P(
                f"CSV, Excel or JSON, up to {limit // 1024 // 1024} MB. Nothing is stored before you say so.",
                className="muted small",
            ),
        ]
    )
    zone = dcc.Upload(
        inner, id=id, className="drop-zone", className_active="drop-zone drop-zone-active", style={}, style_active={}
    )
    return html.Div(zone, **data(upload_limit=str(limit)))


def upload_preview(view: UploadView, *, import_id: str, discard_id: str, name_field: Component) -> Component:
    """What was found in a file, what importing it would change, and the button that does it."""
    parts = [_recognised(view)]
    if not view.importable:
        refused = f"Nothing was stored. Mend {view.file_name} and drop it again."
        parts.append(alert(refused, tone="down", title="This file can't be imported."))
    parts.extend(_findings(view.findings))
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
        actions = [
            button(words, id=import_id, primary=True, glyph="check", disabled=nothing),
            button("Discard", id=discard_id),
        ]
        parts.append(html.Div(actions, className="actions"))
    return card(html.Div(parts, className="stack"), title=view.file_name)


def import_outcome(done: Sequence[Imported]) -> Component:
    """What an import did, with the way to what follows."""
    lines = [html.Li(one.message) for one in done]
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


def _recognised(view: UploadView) -> Component:
    report = view.report
    layouts = {
        "own": "our own layout",
        "public39": "the 39-column layout",
        "table": "a table of days",
        "social_blade": "a Social Blade export",
        "sprout": "a Sprout Social export",
    }
    if not report.get("rows"):
        return html.P("No rows could be read.", className="muted")
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
            "message": html.Span(finding.message, className="words"),
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
            "change": creator.change.sentence,
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
    return data_table(columns, rows, caption="What importing would change")
