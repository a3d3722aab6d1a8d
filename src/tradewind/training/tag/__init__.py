"""Learning the task `tag`: an encoder over units of text, and a linear CRF over characters beside it."""
