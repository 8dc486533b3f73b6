"""The tasks: each claims its job and calls a service; nothing else."""
