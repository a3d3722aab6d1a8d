"""Tradewind: search and recommendation learned from a shop's own catalogue and behaviour log."""

__version__ = "0.1.0"
