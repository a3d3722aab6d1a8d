"""The task `rank`: how well an item answers a query, and the order of candidates that follows."""
