"""What happens to a center whatever anyone decides: callers, outages, rosters, true skills, predicted problems."""

from maitred.envs.traffic.draw import draw_trace

__all__ = ["draw_trace"]
