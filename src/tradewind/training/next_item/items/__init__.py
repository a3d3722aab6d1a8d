"""`next_item` one item after another, the general case: ids, text, and both averaged."""

from tradewind.training.next_item.items.settings import ItemSettings
from tradewind.training.next_item.items.train import Brief, ItemResult, train_items

__all__ = ["Brief", "ItemResult", "ItemSettings", "train_items"]
