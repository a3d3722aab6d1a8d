"""Teaches a picture model a shop's categories, beside a linear probe over the frozen model."""
