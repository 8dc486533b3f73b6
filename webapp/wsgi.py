"""What gunicorn serves: ``webapp.wsgi:server``."""

from __future__ import annotations

import gc

from cgn_core.logs.configuration import configure
from webapp.app import create_app

configure("web")
server = create_app().server

# Drawing a page makes thousands of small objects, which the collector would count and then walk all that was ever
# imported, a tenth of a second in the middle of an answer. What is here now stays, and it looks at the rest less often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
