"""Use cases: authorise, load, compute, store. One module per noun."""
