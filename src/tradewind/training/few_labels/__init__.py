"""Learning where labels are few or wrong: suspicious rows, pseudo-labels, contrast before the head, descriptions."""
