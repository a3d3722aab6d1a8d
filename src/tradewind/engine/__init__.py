"""Search and recommendation as pipelines of small components."""
