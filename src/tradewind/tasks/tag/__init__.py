"""The task `tag`: which words of a text name a brand, a product, a model or an attribute."""
