"""Runs on machines other than this one."""
