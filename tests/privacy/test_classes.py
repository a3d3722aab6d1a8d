from __future__ import annotations

from dataclasses import fields

from tradewind.data.records import Event
from tradewind.privacy.classes import EVENT_CLASSES, DataClass


def test_every_field_of_an_event_has_a_class_and_none_is_public() -> None:
    assert set(EVENT_CLASSES) == {field.name for field in fields(Event)}
    assert DataClass.PUBLIC not in EVENT_CLASSES.values()
