"""One file per task: how its examples are built, what its labels are, and the protocol that measures it. Torch-free."""
