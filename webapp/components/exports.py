"""What a workspace's tables can be taken along as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgn_core.services.exports import ExportFormat, ExportTable
from webapp import routes
from webapp.components.icons import icon
from webapp.components.markup import html

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from cgn_core.services.workspaces import WorkspaceView

_NAMES = {
    ExportTable.DAILY: "Daily numbers",
    ExportTable.WEEKLY: "Weeks, Monday to Sunday",
    ExportTable.FORECASTS: "Forecasts beside what came",
}
_FORMATS = {ExportFormat.CSV: "CSV", ExportFormat.XLSX: "Excel"}


def export_menu(view: WorkspaceView) -> Component:
    """The tables of a workspace that has data, each as CSV and Excel; opens without a request."""
    return html.Details(
        [
            html.Summary([icon("download"), "Export"], className="button button-plain"),
            html.Div(
                [
                    html.A(
                        f"{name}, {label}",
                        href=routes.export_file(view.id, table, form),
                        className="menu-item",
                        # Not a page: the browser fetches it.
                        download="",
                    )
                    for table, name in _NAMES.items()
                    for form, label in _FORMATS.items()
                ],
                className="menu-sheet",
            ),
        ],
        className="menu menu-end",
    )
