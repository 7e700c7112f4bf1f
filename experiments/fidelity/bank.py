"""Refit the shipped scenario `bank` from the call log: January to June 1999, the bank's own rule.

    python -m experiments.fidelity.bank --log LOG --out maitred/envs/scenarios/bank.yaml --report bank.html

LOG is a contact log (`maitred import`) or anything the importer reads as format technion.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from experiments.fidelity.replay import HEAD_START_S, as_contact_log
from maitred.envs.calibration.calibrate import calibrate

MIN_SERVICES = 300  # agents with fewer in half a year are not on the roster
ACKNOWLEDGEMENT = (
    'Ilan Guedj and Avishai Mandelbaum (Technion), who collected, documented and published the call log "Anonymous'
    ' Bank" (1999), free for use with acknowledgement. Fitted parameters only; no record of the log is contained.'
)


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="contact log, or raw log in the technion format")
    parser.add_argument("--out", type=Path, required=True, help="scenario file to write")
    parser.add_argument("--report", type=Path, help="HTML report of the fits to write")
    options = parser.parse_args()
    with as_contact_log(options.log) as log:
        calibrate(
            log,
            options.out,
            name="bank",
            start=date(1999, 1, 1),
            end=date(1999, 7, 1),
            report=options.report,
            min_services=MIN_SERVICES,
            head_start_s=HEAD_START_S,
            acknowledgement=ACKNOWLEDGEMENT,
        )


if __name__ == "__main__":
    main()
