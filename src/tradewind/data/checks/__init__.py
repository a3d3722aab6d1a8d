"""Checks on rows, one per file; each is a function from columns to the rows that fail it."""

from __future__ import annotations

from typing import Final

from tradewind.data.checks.availability import availability
from tradewind.data.checks.control_character import control_character
from tradewind.data.checks.finding import Broken, Check, CheckContext, Columns, Fault, Finding, first_findings
from tradewind.data.checks.future_time import future_time
from tradewind.data.checks.missing_field import missing_event_field, missing_item_field
from tradewind.data.checks.number import number
from tradewind.data.checks.too_long import too_long
from tradewind.data.checks.unknown_item import unknown_item
from tradewind.data.checks.unknown_type import unknown_type
from tradewind.data.checks.unreadable_value import unreadable_value

ITEM_CHECKS: Final[tuple[Check, ...]] = (
    unreadable_value, control_character, missing_item_field, number, availability, future_time, too_long,
)  # fmt: skip
EVENT_CHECKS: Final[tuple[Check, ...]] = (
    unreadable_value, control_character, unknown_type, missing_event_field, number, future_time, too_long, unknown_item,
)  # fmt: skip
"""In this order: a row is counted under the first check that it fails."""

__all__ = [
    "EVENT_CHECKS",
    "ITEM_CHECKS",
    "Broken",
    "Check",
    "CheckContext",
    "Columns",
    "Fault",
    "Finding",
    "first_findings",
]
