"""Product text from attributes: who writes it, what is checked in it, and how a person lets it out."""
