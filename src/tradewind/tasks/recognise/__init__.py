"""Recognising pictures: what a product's picture shows, which pictures look alike, and how picture and text join."""
