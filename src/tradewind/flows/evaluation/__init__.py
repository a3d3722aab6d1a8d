"""`tradewind evaluate`: what the served generation comes to, beside its baselines in the same run."""

from tradewind.flows.evaluation.evaluate import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
