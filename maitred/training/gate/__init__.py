"""What decides a promotion: paired evidence of two policies on one log, how its error is spent, and the verdict."""
