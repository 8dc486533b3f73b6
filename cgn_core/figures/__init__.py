"""Pure: results to Plotly figures as plain dicts, shared by pages, notebooks and reports."""
