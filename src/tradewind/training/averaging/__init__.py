"""Weights averaged: along a run, over its last checkpoints, over several runs, and several runs taught to one model."""
