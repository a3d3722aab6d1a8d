"""The trainer, samplers, losses and one module per fine-tuning method."""
