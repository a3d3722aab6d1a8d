"""Features of a person's behaviour, one per file: the same definition for training and for serving."""
