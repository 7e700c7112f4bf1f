"""The page itself: figures with their errors, then the pictures."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import pyarrow as pa
from jinja2 import Environment

from maitred.envs.calibration.fits import Calibration
from maitred.envs.calibration.patience import Waits, read_waits
from maitred.envs.calibration.report import demand, handling, waiting
from maitred.envs.calibration.report.drawing import STYLE, Picture
from maitred.envs.calibration.service import Services, ordinary, read_services
from maitred.envs.scenario import Scenario


class Figure(NamedTuple):
    """A fitted figure of the table: `error` is its standard error or its interval, in words."""

    name: str
    value: str
    error: str


class TypeRow(NamedTuple):
    """What was fitted of one contact type."""

    name: str
    services: int
    mean_s: float
    log_sd: float
    ks: float
    tail_factor: float
    abandoned: int


def write_calibration_report(log: pa.Table, scenario: Scenario, fits: Calibration, out_html: str | Path) -> None:
    """Write the report: one HTML file without references to others.

    Args:
        log: contact log that was fitted.
        scenario: what was made of the fits.
        fits: the fits.
        out_html: file to write.
    """
    template = resources.files(__package__).joinpath("page.html.jinja").read_text(encoding="utf-8")
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template)
    text = page.render(
        scenario=scenario,
        figures=figures(fits),
        types=type_rows(fits),
        pictures=pictures(log, scenario, fits),
    )
    Path(out_html).write_text(text, encoding="utf-8")


def pictures(log: pa.Table, scenario: Scenario, fits: Calibration) -> list[Picture]:
    """Draw every picture of the page."""
    services = ordinary(read_services(log, fits.types, fits.agents))
    waits = read_waits(log, fits.types, fits.patience.hazard_per_s.shape[1])
    with matplotlib.rc_context(STYLE):
        return _draw(scenario, fits, services, waits)


def _draw(scenario: Scenario, fits: Calibration, services: Services, waits: Waits) -> list[Picture]:
    return [
        demand.arrivals_picture(fits.arrivals, scenario),
        demand.dispersion_picture(fits.arrivals),
        demand.staffing_picture(fits.staffing, fits.arrivals, scenario),
        handling.distribution_picture(fits.service, services),
        handling.agents_picture(fits.service),
        handling.interaction_picture(fits.service),
        handling.period_picture(fits.service, services),
        handling.short_picture(fits.service),
        waiting.patience_picture(fits.patience, waits),
        waiting.patience_types_picture(fits.patience, waits),
        waiting.returns_picture(fits.returns),
    ]


def figures(fits: Calibration) -> list[Figure]:
    """Return the main figures with their standard errors or intervals."""
    a, s, r = fits.arrivals, fits.service, fits.returns
    interval = "95 % interval {0.low:.3f} to {0.high:.3f}".format
    return [
        Figure("spread of days, cv", f"{a.day_factor_cv.value:.3f}", interval(a.day_factor_cv)),
        Figure("spread of half hours, cv", f"{a.period_factor_cv.value:.3f}", interval(a.period_factor_cv)),
        Figure("half hour to half hour correlation", f"{a.period_factor_ar1.value:.3f}", interval(a.period_factor_ar1)),
        Figure("sd of log handle time between agents", f"{s.sd_agent:.3f}", f"se {s.sd_agent_se:.3f}"),
        Figure("sd of agent x type", f"{s.sd_interaction:.3f}", f"se {s.sd_interaction_se:.3f}"),
        Figure("sd of drift between months", f"{s.sd_drift:.3f}", "in the errors of all agents"),
        Figure("come back after abandoning", f"{r.abandoned.p:.3f}", f"se {r.abandoned.p_se:.3f}"),
        Figure("... after a mean of", f"{r.abandoned.mean_s:.0f} s", f"se {r.abandoned.mean_se:.0f} s"),
        Figure("come back after a very short service", f"{r.short.p:.3f}", f"se {r.short.p_se:.3f}"),
        Figure("come back after an ordinary service", f"{r.ordinary.p:.3f}", f"se {r.ordinary.p_se:.3f}"),
        Figure("returns among all contacts", f"{r.return_share:.3f}", f"se {r.return_share_se:.3f}"),
    ]


def type_rows(fits: Calibration) -> list[TypeRow]:
    """Return what was fitted by type; means are over the services as they were handed out."""
    s = fits.service
    mean = (s.mean_s * s.count).sum(axis=0) / s.count.sum(axis=0)
    gone = fits.patience.events.sum(axis=(1, 2))
    columns = (s.types, s.count.sum(axis=0), mean, s.log_sd, s.ks_distance, s.tail_factor, gone.astype(np.int64))
    return [TypeRow(*row) for row in zip(*columns, strict=True)]
