"""How good the findings are: a published case, metrics, and baselines to compare with."""
