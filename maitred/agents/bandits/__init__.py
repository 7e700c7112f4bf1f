"""Contextual bandits: what is known of each candidate's reward, and how it is explored with known propensities."""
