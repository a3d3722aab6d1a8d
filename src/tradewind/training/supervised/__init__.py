"""Fine-tunes a text encoder with a task's layer on it: any task that gives rows, outputs and a loss, by any method."""
