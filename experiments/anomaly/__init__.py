"""How soon outages and drift are noticed, and how often nothing is."""
