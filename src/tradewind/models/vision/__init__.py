"""Pretrained picture models, the classifier over them, and their export."""
