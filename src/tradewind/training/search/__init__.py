"""Searches the settings of an estimator's run: what is tried, how it is judged, what came of it."""
