"""Policies at sizes, loads and centers that they were not trained at: `python -m experiments.generalise.table`."""
