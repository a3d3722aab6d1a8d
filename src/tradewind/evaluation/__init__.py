"""Metrics, runs and qrels, significance and reports."""
