"""Proofs on worlds with known truth: a module measures one claim; tests run it small, the bench in full."""
