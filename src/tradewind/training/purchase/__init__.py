"""Learns whether somebody will buy: boosted trees on the features of data/features, calibrated on a later period."""
