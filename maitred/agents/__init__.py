"""Who decides: rule baselines, linear bandits, PPO and the candidate network."""
