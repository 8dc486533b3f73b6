"""What gunicorn serves: ``webapp.wsgi:server``."""

from __future__ import annotations

from webapp.app import create_app

server = create_app().server
