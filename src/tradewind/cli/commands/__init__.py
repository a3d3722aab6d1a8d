"""Importing this package registers every command; what a command needs is imported when it runs."""

from tradewind.cli.commands import (
    doctor,
    evaluate,
    explain,
    init,
    keys,
    label,
    models,
    predict,
    privacy,
    recommend,
    search,
    serve,
    settings,
    steps,
    up,
)

__all__ = [
    "doctor",
    "evaluate",
    "explain",
    "init",
    "keys",
    "label",
    "models",
    "predict",
    "privacy",
    "recommend",
    "search",
    "serve",
    "settings",
    "steps",
    "up",
]
