"""`tradewind train purchase`: a shop's log becomes a signed model, or the old one stays."""

from __future__ import annotations

import math
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.ingest import ingest
from tradewind.data.store import open_store
from tradewind.engine.purchases import KIND, NAME
from tradewind.errors import GateError, NotFoundError
from tradewind.flows.privacy import erase
from tradewind.flows.purchases import learn_purchases
from tradewind.registry.artefacts import load
from tradewind.registry.keys import load_public
from tradewind.registry.pointers import current
from tradewind.settings import Shop, load_shop
from tradewind.tasks.purchase.next_days import read_next_days
from tradewind.telemetry import SilentProgress

START = datetime(2026, 1, 1, tzinfo=UTC)
YAML = """
shop: tiny
items: {{source: {{path: items.csv}}, id: id, title: title, category: [kind]}}
events:
  - {{source: {{path: events.csv}}, type: type, time: time, user: user, item: item, basket: basket}}
learn: {{effort: quick, threads: 1, purchase: {{calibration_error: {error}}}}}
"""


def make(root: Path, error: float) -> Shop:
    root.mkdir(exist_ok=True)
    (root / "shop.yaml").write_text(YAML.format(error=error))
    return load_shop(root)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty people over half a year, each of whom buys of one kind weekly and of another now and then."""
    folder = tmp_path_factory.mktemp("buying")
    (folder / "items.csv").write_text("id,title,kind\n" + "".join(f"{n},Thing {n},kind {n}\n" for n in range(4)))
    random, lines = np.random.default_rng(3), ["type,time,user,item,basket"]
    for person in range(40):
        for week in range(26):
            when = START + timedelta(days=7 * week + float(random.uniform(0, 7)))
            own = [person % 4] if random.random() < 0.8 else []
            items = own + [(person + 1) % 4] * (random.random() < 0.15)
            lines += [f"purchase,{when.isoformat()},u{person},{item},b{person}-{week}" for item in items]
    (folder / "events.csv").write_text("\n".join(lines) + "\n")
    ingest(make(folder, 1))
    return folder


def test_the_log_becomes_a_signed_model_that_answers(root: Path) -> None:
    shop = make(root, 1)
    learned = learn_purchases(shop, SilentProgress())
    assert "logistic regression" in learned.text() and "published as purchase/next-days/" in learned.text()
    version = current(shop.artefacts, KIND, NAME)
    artefact = load(shop.artefacts, KIND, NAME, version, load_public(shop.keys))
    assert artefact.manifest.snapshot and artefact.manifest.metrics
    model = read_next_days(artefact.path)
    with closing(open_store(shop)) as store:
        events = store.events_of(store.pseudonym("u0", create=False) or "")
    chances = model.chances(events, {str(n): f"kind {n}" for n in range(4)}, START + timedelta(days=182))
    assert max(chances, key=lambda kind: chances[kind]) == "kind 0"
    assert all(math.isfinite(chance) for chance in chances.values())


def test_a_model_that_is_further_off_than_asked_leaves_the_old_one(root: Path) -> None:
    before = current(make(root, 1).artefacts, KIND, NAME)
    with pytest.raises(GateError, match="its probabilities are off by"):
        learn_purchases(make(root, 1e-9), SilentProgress())
    assert current(make(root, 1).artefacts, KIND, NAME) == before


def test_a_shop_without_a_snapshot_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="tradewind ingest"):
        learn_purchases(make(tmp_path / "new", 1), SilentProgress())


def test_an_erasure_names_the_model_that_was_learned_with_the_person(root: Path) -> None:
    shop = make(root, 1)
    if current(shop.artefacts, KIND, NAME) is None:
        learn_purchases(shop, SilentProgress())
    done = erase(shop, "u7", sure=True)
    assert done.learned == ("purchase",)
    assert "still learned with the person: purchase" in done.text()
