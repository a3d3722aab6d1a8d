"""Metrics, runs and judgments, significance, and the report that says what a run came to. Needs numpy alone."""
