"""Learning the task `rank`: a cross-encoder on pairs, and boosted trees over features of a query and an item."""
