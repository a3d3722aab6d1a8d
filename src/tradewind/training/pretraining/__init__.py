"""Goes on with an encoder's own pretraining on a shop's texts, as a masked language model."""
