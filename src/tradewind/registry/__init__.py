"""Signed, versioned artefacts and the pointers to them."""
