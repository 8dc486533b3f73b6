"""Dash with lighter pages: no grid library, and a small chart library that begins to load early where it is needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from dash import Dash, _pages
from dash._pages import _parse_path_variables as parse_path_variables
from dash._utils import AttributeDict, inputs_to_dict
from flask import request

from webapp.pages import PAGES
from webapp.static_files import GENERATOR_SCRIPT, PLOTLY, SUITES, static_files

GRID = "/dash_table/"
"""What Dash puts into every page though none has a grid."""
POLYFILL = f'<script src="{SUITES}/dash/deps/polyfill@'
"""What browsers of today have, but for the one function of it that Dash calls."""
GRAPH = f"{SUITES}/dash/dcc/async-graph.js"
"""Dash's graph, which its own loader asks for by this address when one is to be drawn."""
ADDRESSES_KEPT = 4096
"""Addresses and templates whose comparison is kept."""
ASKED_FIRST = ("/_dash-layout", "/_dash-dependencies")
"""What the renderer asks for as soon as it runs; the answers are there by then."""
WITH_CHARTS = re.compile(
    "|".join(re.sub(r"<[a-z_]+>", "[^/]+", page.PATH) for page in PAGES if getattr(page, "HAS_CHARTS", False))
)


@lru_cache(ADDRESSES_KEPT)
def _variables(address: str, template: str) -> dict[str, str] | None:
    found: dict[str, str] | None = parse_path_variables(address, template)  # type: ignore[no-untyped-call]  # Dash's; it has no types
    return found


def read_addresses_once() -> None:
    """Have Dash's pages compare an address with each template by three patterns once, not whenever it is opened."""
    vars(_pages)["_parse_path_variables"] = _variables


class Asked(AttributeDict):
    """What a callback can ask of its request; what it rarely does is read then."""

    def __missing__(self, name: str) -> Any:
        if name not in SELDOM:
            raise KeyError(name)
        return SELDOM[name]()


SELDOM: dict[str, Callable[[], Any]] = {
    "cookies": lambda: dict(request.cookies),
    "headers": lambda: dict(request.headers),
    "args": lambda: request.args,
    "path": lambda: request.full_path,
    "remote": lambda: request.remote_addr,
    "origin": lambda: request.origin,
}


class LightDash(Dash):
    """Dash, but for what its pages load."""

    def _config(self) -> Any:
        # The renderer takes the address from here where Dash believes that a stranger serves the library; its own
        # address for it has no fingerprint.
        dashs = super()._config()  # type: ignore[no-untyped-call]  # Dash's; it has no types
        return {**dashs, "serve_locally": False, "plotlyjs_url": static_files()[PLOTLY].fingerprinted}

    def _initialize_context(self, body: Any) -> AttributeDict:
        # Every callback comes by here; Dash's asks at each assignment whether it is to what only may be read.
        inputs, states = body.get("inputs", []), body.get("state", [])
        values, known = map(inputs_to_dict, (inputs, states))
        found = Asked()
        dict.update(
            found,
            inputs_list=inputs,
            states_list=states,
            outputs_list=body.get("outputs", []),
            input_values=values,
            state_values=known,
            triggered_inputs=[{"prop_id": each, "value": values.get(each)} for each in body.get("changedPropIds", [])],
            dash_response=self.backend.response_adapter(),
            updated_props={},
        )
        return found

    def interpolate_index(self, *arguments: Any, **parts: Any) -> str:
        """The page without the grid library; what is needed in a moment is asked for beside the scripts, not after."""
        lines = [line for line in parts["scripts"].splitlines() if GRID not in line]
        generators = static_files().get(GENERATOR_SCRIPT)
        if generators is not None:
            instead = f'<script src="{generators.fingerprinted}"></script>'
            lines = [instead if line.startswith(POLYFILL) else line for line in lines]
        parts["scripts"] = "\n".join(lines)
        early = [f'<link rel="preload" as="fetch" crossorigin="anonymous" href="{each}">' for each in ASKED_FIRST]
        if WITH_CHARTS.fullmatch(request.path):
            library = static_files()[PLOTLY].fingerprinted
            early += (
                # Compiled beside the page as it comes; a preloaded script would only be when it is to run.
                f'<script async fetchpriority="low" src="{library}" data-charts></script>',
                f'<link rel="preload" as="script" fetchpriority="low" href="{GRAPH}">',
            )
        parts["css"] = "\n".join((parts["css"], *early))
        return str(super().interpolate_index(*arguments, **parts))  # type: ignore[no-untyped-call]  # as above
