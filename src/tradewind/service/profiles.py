"""What is concluded about a person, worded for that person."""

from __future__ import annotations

from collections.abc import Mapping

from tradewind.data.features.profile import interests, profile_of
from tradewind.data.records import Item
from tradewind.service.assembly import Service
from tradewind.service.schemas.users import Interest, ProfileAnswer
from tradewind.tasks.profile.sensitive import default_sensitivity

MOST_SHOWN = 100


def profile_answer(service: Service, user: str | None) -> ProfileAnswer:
    """Returns what is concluded about `user` (a pseudonym); nothing for somebody unknown or with the switch off.

    Items of a sensitive topic (health, pregnancy, religion, sex, minors) make no interest, whatever was bought.
    """
    personalise = user is None or service.store.consent(user).personalise
    events = service.store.events_of(user) if user and personalise else []
    profile = profile_of(events)
    shares = interests(profile, _harmless(_items(service, profile.weights)))
    return ProfileAnswer(
        personalise=personalise,
        events=len(events),
        baskets=len(profile.baskets),
        categories=_interests(shares["category"]),
        brands=_interests(shares["brand"]),
        recent=list(profile.recent[:MOST_SHOWN]),
        bought=dict(sorted(profile.times_bought.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_SHOWN]),
        dismissed=sorted(profile.dismissed),
    )


def _items(service: Service, wanted: Mapping[str, float]) -> dict[str, Item]:
    view = service.engine.serving.view
    rows = {item_id: view.row_of(item_id) for item_id in wanted}
    return {item_id: view.item(row) for item_id, row in rows.items() if row is not None}


def _harmless(items: Mapping[str, Item]) -> dict[str, Item]:
    sensitivity = default_sensitivity()
    return {item_id: item for item_id, item in items.items() if sensitivity.of_item(item) is None}


def _interests(shares: Mapping[str, float]) -> list[Interest]:
    return [Interest(value=value, share=share) for value, share in list(shares.items())[:MOST_SHOWN]]
