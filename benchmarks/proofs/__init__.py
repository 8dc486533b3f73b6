"""Proofs of the statistics on worlds with known truth: a module measures one claim; tests run it small, bench in full."""
