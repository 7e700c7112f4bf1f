"""The calibration report: what was measured against what was fitted, on one page that stands alone."""

from maitred.envs.calibration.report.page import write_calibration_report

__all__ = ["write_calibration_report"]
