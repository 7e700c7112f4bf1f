"""How deciding is learned and judged: runs, frozen sets, evaluation, tracking, export."""
