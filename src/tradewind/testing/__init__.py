"""Conformance suites and fakes for those who extend Tradewind."""
