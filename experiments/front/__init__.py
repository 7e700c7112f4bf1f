"""One policy for a whole front of objectives, against one for each: `python -m experiments.front.table`."""
