"""Learning goes on from a published version: its weights, a part of its examples, and how much each weight mattered."""
