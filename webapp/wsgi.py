"""What gunicorn serves: ``webapp.wsgi:server``."""

from __future__ import annotations

from cgn_core.logs.configuration import configure
from webapp.app import create_app

configure("web")
server = create_app().server
