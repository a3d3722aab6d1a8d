"""What this machine has and lacks, each finding with what to do about it."""

from tradewind.flows.doctor.examination import Finding, examine

__all__ = ["Finding", "examine"]
