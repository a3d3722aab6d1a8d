"""`next_item` one item after another, the general case: ids, text, and both averaged."""
