"""Importing this package registers every command."""

from tradewind.cli.commands import doctor

__all__ = ["doctor"]
