"""A student without layers: one vector for every token, learned out of an encoder's, for the quickest of queries."""

from tradewind.compression.static.student import StaticSettings, static_student

__all__ = ["StaticSettings", "static_student"]
