"""One file per task: how examples are built, what the labels are, which metrics count."""
