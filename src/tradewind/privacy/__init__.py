"""Data classes, masking and pseudonyms."""
