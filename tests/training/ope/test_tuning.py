import math

import pytest

from maitred.training.ope import estimators as e
from maitred.training.ope.tuning import tuned_by_error, tuned_by_intervals
from tests.training.ope.stored import PAIRS, log_a, oracle, record, without_model

FAMILIES = {
    "IPW": (e.clipped_inverse_propensity, e.clipped),
    "DR": (e.clipped_doubly_robust, e.clipped),
    "SwitchDR": (e.switch_doubly_robust, e.switched),
    "DRos": (e.shrunk_doubly_robust, e.shrunk),
    "SGIPW": (e.sub_gaussian, e.harmonic),
    "SGDR": (e.sub_gaussian_doubly_robust, e.harmonic),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_every_stored_choice_is_met(pair):
    log, stored = log_a(pair), record(oracle("oracle_A.json")["results"], pair)["estimators"]
    for name, one in stored.items():
        # Stored as NaN: 0 / 0 of a candidate that the target never takes, at a tilt of 1; here its weight is 0.
        if "tuned" in name and not math.isnan(one["value"]):
            estimator, reweight = FAMILIES[name.split("_")[0]]
            fitting = without_model(log) if "IPW" in name else log
            if "slope" in name:
                chosen = tuned_by_intervals(fitting, estimator, one["grid"])
            else:
                chosen = tuned_by_error(fitting, estimator, reweight, one["grid"])
            assert chosen == one["best_lambda"], name
            assert estimator(log, chosen).mean() == pytest.approx(one["value"], abs=1e-9), name
