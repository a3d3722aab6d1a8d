"""Distillation: a smaller encoder learns to give the vectors of a larger one."""
