"""The Celery edge: tasks, and the reconciler that requeues what a fault left behind."""
