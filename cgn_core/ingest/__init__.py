"""Pure parsing: uploaded bytes -> canonical daily tables and findings."""
