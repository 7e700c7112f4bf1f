"""What a case is worth, contact by contact: slow, and written apart from the package."""

from maitred.envs.kernel.layout import Outcome, Term


def case_values(ledger, objective):
    """What each contact on the telephone and all later ones of its case booked, in money; paid time is nobody's."""
    weights, values, later = objective.weights(), [], {}
    for contact in ledger.contacts[::-1]:
        value = later.get(contact["case"], 0.0) + weights[Term.FOCUS_S] * contact["work_s"]
        if contact["outcome"] == Outcome.SERVED:
            value += weights[Term.FOCUS_S] * contact["wrap_up_s"] + weights[Term.CSAT] * contact["csat"]
        elif contact["outcome"] == Outcome.ABANDONED:
            value += weights[Term.ABANDONED]
        later[contact["case"]] = value
        values.append(value)
    return values[::-1]
