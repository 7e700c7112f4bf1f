"""The shipped scenarios as code: `python -m experiments.scenarios.build` writes their files."""
