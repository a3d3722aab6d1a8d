"""Smaller encoders out of a trained one: fewer blocks, fewer heads, narrower layers, or weights that are zero."""
