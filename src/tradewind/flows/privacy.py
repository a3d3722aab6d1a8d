"""What one person may ask of a shop: to be shown everything, and to be forgotten."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tradewind.data.features.price_band import price_bands
from tradewind.data.features.profile import profile_of
from tradewind.data.records import Item
from tradewind.data.snapshot import publish_tombstones
from tradewind.data.store import Store, open_store
from tradewind.data.store.catalogue import item_of_row
from tradewind.engine.predicted import ON, Guesses
from tradewind.engine.purchases import KIND, NAME
from tradewind.errors import NotFoundError, RequestError
from tradewind.flows.ledger import Ledger
from tradewind.flows.up import STEPS
from tradewind.registry.layout import artefact_names
from tradewind.registry.pointers import current
from tradewind.settings import Shop
from tradewind.settings.purchase import PURCHASE
from tradewind.tasks.profile.build import Shelf, build_profile
from tradewind.tasks.profile.tags import PREDICTED, Deletions

LEARNED_WITHOUT_PEOPLE = ("weights",)
"""The steps of `up` that see nobody's events."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure took away, and what stays until the next `up` has made it again without the person."""

    events: int
    snapshots: int
    rebuilds: tuple[str, ...]
    learned: tuple[str, ...] = ()
    """Models beside `up`, to be learned again by `tradewind train`."""

    def text(self) -> str:
        """Returns the erasure to be read by a person."""
        lines = [
            f"erased: {self.events:,} events, consent, tags taken back, the only row that led from user to pseudonym",
            f"left out from now on by every reader of the {self.snapshots} snapshot(s) that are there",
        ]
        if self.rebuilds:
            lines.append(f"made again without the person by the next `tradewind up`: {', '.join(self.rebuilds)}")
        if self.learned:
            lines.append(f"still learned with the person: {', '.join(self.learned)}; `tradewind train` makes it again")
        return "\n".join([*lines, "take the person out of the tables that shop.yaml names, too: new rows are news"])


def export(shop: Shop, user: str) -> dict[str, Any]:
    """Returns everything held about a shop's user, ready for JSON: ids, consent, events, and what they are read as.

    Raises NotFoundError for a user that nobody knows.
    """
    with closing(open_store(shop)) as store:
        pseudonym = _pseudonym(store, user)
        return store.export_user(pseudonym) | {"profile": _profile(shop, store, pseudonym)}


def erase(shop: Shop, user: str, *, sure: bool) -> Erasure:
    """Erases a shop's user for good and says what that leaves to do.

    A running service answers without the person from its next request on. Raises NotFoundError for a user that nobody
    knows, RequestError, with nothing done, unless `sure`.
    """
    with closing(open_store(shop)) as store:
        held = store.export_user(_pseudonym(store, user))["events"]
        if not sure:
            raise RequestError(
                f"nothing was erased: {len(held):,} events of this user would be gone for good",
                hint="say --yes; `tradewind privacy export` shows what is held",
            )
        erased = store.erase_user(user)
        publish_tombstones(store, shop.snapshots)
    there = [path for path in shop.snapshots.glob("*/snapshot.json") if not path.parent.name.startswith(".")]
    return Erasure(erased.events if erased else 0, len(there), _rebuilds(shop), _learned(shop))


def _learned(shop: Shop) -> tuple[str, ...]:
    """Returns the names under which `tradewind train` learned from people, and learns again."""
    buying = (PURCHASE,) if current(shop.artefacts, KIND, NAME) else ()
    guessed = [name for kind, name in artefact_names(shop.artefacts) if kind == PREDICTED]
    return buying + tuple(name for name in guessed if current(shop.artefacts, PREDICTED, name))


def _rebuilds(shop: Shop) -> tuple[str, ...]:
    ledger = Ledger(shop.work / "ledger.json")
    return tuple(step.name for step in STEPS if step.name not in LEARNED_WITHOUT_PEOPLE and ledger.entry(step.name))


def _pseudonym(store: Store, user: str) -> str:
    found = store.pseudonym(user, create=False)
    if found is None:
        raise NotFoundError("there is no such user", hint="give the shop's own id of a user in the log")
    return found


def _profile(shop: Shop, store: Store, pseudonym: str) -> dict[str, Any]:
    """Returns what the surfaces conclude from the events; nothing while personalisation is off."""
    if not store.consent(pseudonym).personalise:
        return {}
    events, items = store.events_of(pseudonym), _items(store)
    profile = profile_of(events)
    shelf, bought = Shelf(items, price_bands(items.values())), {event.item for event in events}
    guesses = Guesses(shop).predictors({name: items[name] for name in bought if name in items})
    tagged = build_profile(events, shelf, _deletions(store, pseudonym), ON, guesses)
    return {
        "category": dict(tagged.of_kind("category")),
        "brand": dict(tagged.of_kind("brand")),
        "tags": [tag.as_json() for tag in tagged.tags],
        "withheld_events": tagged.withheld,
        "recent": list(profile.recent),
        "bought": dict(profile.times_bought),
        "dismissed": sorted(profile.dismissed),
    }


def _deletions(store: Store, pseudonym: str) -> Deletions:
    return Deletions.of(store.deleted_tags(pseudonym))


def _items(store: Store) -> dict[str, Item]:
    rows = zip(*(column.to_pylist() for column in store.items_table().columns), strict=True)
    return {row[0]: item_of_row(row) for row in rows}
