"""How each task of a shop's own tables is learned, one per file; the tasks themselves are registered in tasks/."""
