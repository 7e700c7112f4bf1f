"""The world: scenario, traffic, kernel, observation, ledger, KPIs and the Gymnasium views."""
