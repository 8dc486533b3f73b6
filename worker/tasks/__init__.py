"""The tasks: each does the jobs of one kind by calling a service; nothing else."""
