"""The `cgn` command; the only place that starts processes."""
