"""What no call log tells and a scenario must nevertheless hold: choices with their sources, to be overridden."""

RESOLVE_P = 0.70  # SQM: first contact resolution across industries
COST_PER_MIN = 0.65  # loaded cost of an onshore agent's paid minute
ASSUMED = (
    f"resolve_p {RESOLVE_P} (SQM), cost_per_min {COST_PER_MIN}, no wrap-up apart from the logged service:"
    " the log says nothing of these"
)
