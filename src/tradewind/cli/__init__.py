"""The command line: one command per file; each parses, calls one function and prints."""

from tradewind.cli.app import main

__all__ = ["main"]
