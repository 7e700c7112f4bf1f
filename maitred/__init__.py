"""Offline-learned routing for contact centers, proven on frozen evidence."""

import sys

__version__ = "0.1.0"

if "gymnasium" in sys.modules:  # `import gymnasium, maitred` is enough to make the environments known
    from maitred.envs import registration as registration
