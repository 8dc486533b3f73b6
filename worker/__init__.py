"""The worker edge: Celery tasks that call services, and the reconciler."""

import os

# One core per process: several processes share the machine. Read when numpy is first imported, so it is set here.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
