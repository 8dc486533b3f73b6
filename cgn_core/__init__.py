"""Creator Growth Navigator: what drives follower growth, and what an hour of work returns."""
