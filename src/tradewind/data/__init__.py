"""Records, sources, checks, the store, snapshots, splits and features."""
