"""`tradewind train income`: what some users told becomes a signed model of guesses, or the old one stays."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.features.purchase import lines_of_person
from tradewind.data.ingest import ingest
from tradewind.data.snapshot import latest_snapshot
from tradewind.data.store import open_store
from tradewind.data.store.catalogue import item_of_row
from tradewind.data.told import read_told
from tradewind.engine.predicted import Guesses
from tradewind.errors import ConfigError, DataError, GateError, NotFoundError
from tradewind.flows.predicted import learn_attribute
from tradewind.flows.privacy import erase, export
from tradewind.registry.artefacts import load
from tradewind.registry.keys import load_public
from tradewind.registry.pointers import current
from tradewind.settings import Shop, load_shop
from tradewind.tasks.profile.predicted import BandPredictor, attribute_features, read_band_model
from tradewind.telemetry import SilentProgress
from tradewind.training.profile.shop import told_rows

START = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = 90
YAML = """
shop: tiny
items: {{source: {{path: items.csv}}, id: id, title: title, category: [top, kind]}}
events:
  - {{source: {{path: events.csv}}, type: type, time: time, user: user, item: item, basket: basket, value: value}}
learn:
  predicted:
    income: {{source: {{path: {table}}}, user: customer, target: {target}, least_gain: {gain}}}
"""
ITEMS = ["tea,Sencha,Food,Tea", "wine,Merlot,Food,Wine", "salt,Salt,Food,Spices", "test,Ovulation kit,Care,Kits"]


def make(root: Path, gain: float = 0.0, table: str = "people.csv", target: str = "income") -> Shop:
    (root / "shop.yaml").write_text(YAML.format(gain=gain, table=table, target=target))
    return load_shop(root)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety people, of whom those with more money buy more wine; everybody buys what no guess may read."""
    folder = tmp_path_factory.mktemp("guessing")
    (folder / "items.csv").write_text("\n".join(["id,title,top,kind", *ITEMS]) + "\n")
    random, lines, told, dice = np.random.default_rng(5), ["type,time,user,item,basket,value"], ["customer,income"], []
    for person in range(PEOPLE):
        rich = person % 3 == 0
        told.append(f"u{person},{'high' if rich else 'low'}")
        dice.append(f"u{person},{'one' if random.random() < 0.5 else 'other'}")
        for trip in range(8):
            when = START + timedelta(days=5 * trip, hours=float(random.uniform(8, 20)))
            item = ("wine" if random.random() < (0.75 if rich else 0.25) else "tea") if trip else "salt"
            for bought in (item, *(["test"] if rich else [])):
                lines.append(f"purchase,{when.isoformat()},u{person},{bought},b{person}-{trip},5.0")
    told.append("only-told-77,high")
    (folder / "events.csv").write_text("\n".join(lines) + "\n")
    (folder / "people.csv").write_text("\n".join(told) + "\n")
    (folder / "dice.csv").write_text("\n".join(["customer,income", *dice]) + "\n")
    (folder / "labels.csv").write_text("customer,income\n" + "".join(f"u{n},{'fe' * (n % 2)}male\n" for n in range(60)))
    ingest(make(folder))
    return folder


def test_what_was_told_becomes_a_signed_model_that_guesses_from_purchases(root: Path) -> None:
    shop = make(root)
    learned = learn_attribute(shop, "income", SilentProgress())
    text = learned.text()
    assert (
        "the commonest band" in text and "published as predicted/income/" in text and "users without events: 1" in text
    )
    rows = learned.learned.result.metrics
    assert rows["guessed from purchases"]["accuracy"] > rows["the commonest band"]["accuracy"] + 0.05
    version = current(shop.artefacts, "predicted", "income")
    artefact = load(shop.artefacts, "predicted", "income", version, load_public(shop.keys))
    assert artefact.manifest.snapshot and artefact.manifest.metrics
    assert read_band_model(artefact.path).keys == ("Food > Spices", "Food > Tea", "Food > Wine"), "and no kits"
    profile = export(shop, "u0")["profile"]
    (tag,) = [tag for tag in profile["tags"] if tag["kind"] == "predicted"]
    assert (
        tag["id"] in ("predicted:income: high", "predicted:income: low") and "a guess from 8 purchases" in tag["note"]
    )
    assert 0.5 <= tag["weight"] < 1
    assert {row["item"] for row in tag["evidence"]} <= {"tea", "wine", "salt"}


def test_no_id_of_a_user_is_stored_with_what_was_told(root: Path) -> None:
    shop = make(root)
    learn_attribute(shop, "income", SilentProgress())
    for file in shop.work.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        assert b"only-told-77" not in held, file
        if "store.db" not in file.name:  # whose table of pseudonyms is the one place where an id may lie
            assert b"u17" not in held, file


def test_a_person_is_read_alike_when_learned_from_and_when_served(root: Path) -> None:
    shop = make(root)
    snapshot, told = latest_snapshot(shop), read_told(shop, "income", shop.settings.learn.predicted["income"])
    with closing(open_store(shop)) as store:
        name = store.pseudonym("u3", create=False) or ""
        events = store.events_of(name)
    only = {n: ("low" if place % 2 else "high") for place, n in enumerate([name, *(set(told.bands) - {name})])}
    rows = told_rows("income", snapshot.items(), snapshot.events(), only)
    keys = rows.columns[-3:]
    number = {"tea": 1, "wine": 2, "salt": 0}
    served = attribute_features(lines_of_person(events, number), 1, keys)[0][0]
    assert min(np.abs(row - served).max() for row in rows.features) < 1e-9


def test_a_guess_no_better_than_the_commonest_band_is_not_published(root: Path) -> None:
    learn_attribute(make(root), "income", SilentProgress())
    before = current(make(root).artefacts, "predicted", "income")
    with pytest.raises(GateError, match="95 % interval"):
        learn_attribute(make(root, table="dice.csv"), "income", SilentProgress())
    with pytest.raises(GateError, match=r"more than 0\.9 is asked"):
        learn_attribute(make(root, gain=0.9), "income", SilentProgress())
    assert current(make(root).artefacts, "predicted", "income") == before


def test_a_label_that_only_the_table_knows_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match="never predicted: 'female'"):
        learn_attribute(make(root, table="labels.csv"), "income", SilentProgress())


def test_too_few_people_or_too_many_values_are_told(root: Path) -> None:
    shop = make(root)
    snapshot, told = latest_snapshot(shop), read_told(shop, "income", shop.settings.learn.predicted["income"])
    names = sorted(told.bands)
    with pytest.raises(DataError, match="needs 40 people"):
        told_rows("income", snapshot.items(), snapshot.events(), {name: told.bands[name] for name in names[:20]})
    with pytest.raises(DataError, match=r"in 1$"):
        told_rows("income", snapshot.items(), snapshot.events(), dict.fromkeys(names, "low"))
    rare = {name: "rare" if place < 4 else told.bands[name] for place, name in enumerate(names)}
    assert told_rows("income", snapshot.items(), snapshot.events(), rare).names == ("high", "low")


def test_only_what_the_settings_name_guesses(root: Path) -> None:
    shop = make(root)
    learn_attribute(shop, "income", SilentProgress())
    rows = zip(*(column.to_pylist() for column in latest_snapshot(shop).items().columns), strict=True)
    items = {row[0]: item_of_row(row) for row in rows}
    (predictor,) = Guesses(shop).predictors(items)
    assert isinstance(predictor, BandPredictor) and set(predictor.key_of) == {"tea", "wine", "salt"}
    nothing = shop.settings.learn.model_copy(update={"predicted": {}})
    off = Shop(shop.settings.model_copy(update={"learn": nothing}), root)
    assert Guesses(off).predictors(items) == []
    assert not [tag for tag in export(off, "u0")["profile"]["tags"] if tag["kind"] == "predicted"]


def test_the_switch_off_leaves_no_guess_in_the_export(root: Path) -> None:
    shop = make(root)
    with closing(open_store(shop)) as store:
        name = store.pseudonym("u6", create=False) or ""
        store.set_consent(name, personalise=False)
        assert export(shop, "u6")["profile"] == {}
        told = read_told(shop, "income", shop.settings.learn.predicted["income"])
        assert name not in told.bands, "nor is anything learned of them"


def test_an_erasure_names_the_model_that_was_learned_with_the_person(root: Path) -> None:
    shop = make(root)
    learn_attribute(shop, "income", SilentProgress())
    assert erase(shop, "u89", sure=True).learned == ("income",)


def test_without_a_snapshot_it_says_what_to_do(tmp_path: Path) -> None:
    shop = make(tmp_path)
    (tmp_path / "people.csv").write_text("customer,income\nu,low\n")
    with closing(open_store(shop)) as store:
        store.pseudonym("u", create=True)
    with pytest.raises(NotFoundError, match="tradewind ingest"):
        learn_attribute(shop, "income", SilentProgress())
