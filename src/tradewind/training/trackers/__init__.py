"""Trackers of experiments, one per file, registered under `tradewind.trackers`."""
