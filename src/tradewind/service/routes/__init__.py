"""The routes, one file per resource; none imports another."""
