"""Learning from decision logs alone, judged by simulation."""
