"""Learns to guess bands of attributes that some people told, and measures whether a guess is worth anything."""
