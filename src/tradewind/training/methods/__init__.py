"""One tuning method per file, each registered in the entry-point group `tradewind.methods`; any goes with any task."""
