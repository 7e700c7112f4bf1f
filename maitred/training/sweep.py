"""Hydra's hook into `maitred train -m`: one parent run for all children of a sweep."""

from __future__ import annotations

from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf


class SweepParent(Callback):
    """Makes the parent before any child starts, and with it the database, in this process alone."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Called once, with the configuration that all children share."""
        from maitred.training.tracking import start_sweep  # mlflow takes seconds to import

        tracking: Any = OmegaConf.to_object(config.tracking)
        start_sweep(tracking)
