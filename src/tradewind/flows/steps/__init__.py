"""The steps of `tradewind up`, one per file, in the order they run."""
