"""What the processes say about themselves: log lines, and errors handed to a collector."""
