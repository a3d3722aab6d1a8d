"""Teaches a causal language model how a shop writes about its products."""
