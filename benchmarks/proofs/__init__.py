"""Proofs of the statistics on worlds with known truth: each module measures one claim, tests run it small, bench in full."""
