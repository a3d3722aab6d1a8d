"""Turns examples into tuned weights: tasks give the examples, methods say what moves, libraries do the work."""
