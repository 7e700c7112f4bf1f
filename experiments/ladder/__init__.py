"""Every rung of routing practice on every shipped scenario: `python -m experiments.ladder.table`."""
