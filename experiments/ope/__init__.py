"""Off-policy evaluation: which estimator and which bound to trust, and what one step cannot see."""
