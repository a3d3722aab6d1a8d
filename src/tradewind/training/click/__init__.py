"""Learns from clicks what would be clicked elsewhere: outcome models, unslanted targets, and policies made of them."""
