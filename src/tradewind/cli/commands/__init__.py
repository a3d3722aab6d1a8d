"""Importing this package registers every command."""

from tradewind.cli.commands import doctor, init, keys, models, recommend, search, serve, steps, up

__all__ = ["doctor", "init", "keys", "models", "recommend", "search", "serve", "steps", "up"]
