"""The HTTP API; `app.py` is the only place that assembles API and console."""
