"""What shops call things in Chinese and in English, so that a query in one language finds texts in the other."""
