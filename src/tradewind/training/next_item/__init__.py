"""`next_item`: the sequence model behind the next-basket surface, learned from a snapshot's purchases."""

from tradewind.training.next_item.train import train

__all__ = ["train"]
