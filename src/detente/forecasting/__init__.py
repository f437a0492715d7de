"""Forecasts: what comes next, beside the baselines that a reader should compare with."""
