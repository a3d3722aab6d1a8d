"""Pretrained sources, encoders, heads and the sequence model; torch lives here, in training/ and in compression/."""
