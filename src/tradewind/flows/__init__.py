"""The ways through the house: the steps of `tradewind up`, each resumable, and nothing that a room below could do."""
