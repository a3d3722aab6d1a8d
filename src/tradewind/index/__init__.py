"""Lexical and vector indexes, filters and facets: immutable generations plus a live delta."""
