"""How often the promotion gate errs, and how often it sees what is better."""
