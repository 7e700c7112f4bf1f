"""Routing and concurrency learned together, against the best of each on its own."""
