"""`match`: the bi-encoder is tuned on what a shop sells together and on how its own catalogue describes things."""

from tradewind.training.match.train import train

__all__ = ["train"]
