"""Writes events.csv: what shoppers who do not exist did in this example's shop, the same bytes on every run.

A shopper has one or two personas (behaviour.yaml), a language, staples bought again and again, and loyalty to what was
chosen once. A visit starts from something wanted, adds what belongs to it, and often what is due again. Run it with
`python examples/bilingual/simulate.py`; `--out FILE` writes elsewhere.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

HERE = Path(__file__).parent
SEED = 20260720
SHOPPERS = 330
START = datetime(2026, 7, 20)
DAYS = 105
COLUMNS = ("event_id", "type", "time", "user", "item", "query", "basket", "value", "quantity", "position")


@dataclass(frozen=True)
class World:
    """The catalogue and the behaviour that the events come from; products are known by their English title."""

    products: Mapping[str, dict[str, Any]]
    sections: Mapping[str, list[str]]
    partners: Mapping[str, list[str]]
    behaviour: Mapping[str, Any]


@dataclass
class Shopper:
    """One shopper: `staples` maps a product to the days it lasts, `due` to when it runs out."""

    name: str
    language: str
    tastes: dict[str, float]
    staples: dict[str, float]
    due: dict[str, datetime]
    loyal: dict[str, str] = field(default_factory=dict)
    owned: set[str] = field(default_factory=set)


class Log:
    """The events in the order they were made up; numbered when they are sorted by time."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, kind: str, time: datetime, shopper: Shopper, **fields: Any) -> None:
        self.rows.append({"type": kind, "time": time, "user": shopper.name, **fields})

    def write(self, path: Path) -> None:
        ordered = sorted(self.rows, key=lambda row: (row["time"], row["user"]))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
            writer.writeheader()
            for number, row in enumerate(ordered):
                writer.writerow({**row, "event_id": f"e{number:05d}", "time": f"{row['time']:%Y-%m-%d %H:%M:%S}"})


def read_world() -> World:
    """Returns the products and the behaviour that lie beside this script."""
    lines = (HERE / "products.jsonl").read_text(encoding="utf-8").splitlines()
    products = {product["title_en"]: product for product in map(json.loads, lines)}
    behaviour = yaml.safe_load((HERE / "behaviour.yaml").read_text(encoding="utf-8"))
    sections: dict[str, list[str]] = {}
    for title, product in products.items():
        if product["stock"] == "in_stock":
            sections.setdefault(section_of(product), []).append(title)
    partners: dict[str, list[str]] = {}
    for bundle in behaviour["bundles"]:
        for title in bundle:
            partners.setdefault(title, []).extend(other for other in bundle if other != title)
    return World(products, sections, partners, behaviour)


def section_of(product: Mapping[str, Any]) -> str:
    """Returns the English half of a product's section."""
    return str(product["section"]).split(" ", 1)[1]


def make_shopper(world: World, random: Random, number: int) -> Shopper:
    personas = world.behaviour["personas"]
    names = list(personas)
    shares = [personas[name]["share"] for name in names]
    chosen = list(dict.fromkeys(random.choices(names, shares, k=2)))
    tastes: dict[str, float] = {}
    staples: dict[str, float] = {}
    for name in chosen:
        for section, weight in personas[name]["sections"].items():
            tastes[section] = tastes.get(section, 0.0) + weight
        for section, days in personas[name]["staples"].items():
            staples[random.choice(world.sections[section])] = days * random.uniform(0.8, 1.25)
    due = {title: START + timedelta(days=random.uniform(0, days)) for title, days in staples.items()}
    return Shopper(f"u{number:03d}", "zh" if random.random() < 0.7 else "en", tastes, staples, due)


def want(world: World, random: Random, shopper: Shopper, time: datetime) -> str:
    """Returns what a visit starts from: mostly what the shopper likes, sometimes what everybody buys now."""
    season = (time - START) / timedelta(days=DAYS)
    if random.random() < 0.22 * season**3:
        return str(random.choice(world.behaviour["trends"]))
    if random.random() < 0.06:
        return random.choice(world.sections[random.choice(list(world.sections))])
    section = random.choices(list(shopper.tastes), list(shopper.tastes.values()))[0]
    if section in shopper.loyal and random.random() < 0.55:
        return shopper.loyal[section]
    fresh = [title for title in world.sections[section] if title not in shopper.owned]
    return random.choice(fresh or world.sections[section])


def basket_of(world: World, random: Random, shopper: Shopper, wanted: str, time: datetime) -> list[str]:
    """Returns what is bought: the thing wanted, what belongs to it, and what is about to run out."""
    basket = [wanted]
    for partner in dict.fromkeys(world.partners.get(wanted, ())):
        if partner not in shopper.owned and random.random() < 0.5:
            basket.append(partner)
    soon = time + timedelta(days=3)
    basket += [title for title, day in shopper.due.items() if day <= soon and random.random() < 0.9]
    return list(dict.fromkeys(basket))


def search(world: World, random: Random, log: Log, shopper: Shopper, wanted: str, time: datetime) -> datetime:
    """Logs a search for the thing wanted, the click on it, and looks at its neighbours; returns the time after it."""
    section = section_of(world.products[wanted])
    query = random.choice(world.behaviour["queries"][section][shopper.language])
    log.add("search", time, shopper, query=query)
    time += timedelta(seconds=random.randrange(4, 40))
    sku = world.products[wanted]["sku"]
    log.add("click", time, shopper, item=sku, query=query, position=min(int(random.expovariate(0.5)), 9))
    for title in random.sample(world.sections[section], k=min(random.randrange(0, 3), len(world.sections[section]))):
        time += timedelta(seconds=random.randrange(10, 90))
        log.add("view", time, shopper, item=world.products[title]["sku"])
    return time


def buy(world: World, random: Random, log: Log, shopper: Shopper, basket: Sequence[str], time: datetime) -> None:
    durable = set(world.behaviour["durable_sections"])
    number = f"b{shopper.name[1:]}{int((time - START).total_seconds()) // 60:06d}"
    for title in basket:
        product = world.products[title]
        count = 2 if title in shopper.staples and random.random() < 0.25 else 1
        value = f"{product['price'] * count:g}"
        log.add("purchase", time, shopper, item=product["sku"], basket=number, value=value, quantity=count)
        if title in shopper.due:
            shopper.due[title] = time + timedelta(days=shopper.staples[title] * count * random.uniform(0.85, 1.15))
        if section_of(product) in durable:
            shopper.owned.add(title)
        else:
            shopper.loyal[section_of(product)] = title


def visit(world: World, random: Random, log: Log, shopper: Shopper, time: datetime) -> None:
    wanted = want(world, random, shopper, time)
    if random.random() < 0.55:
        time = search(world, random, log, shopper, wanted, time)
    if random.random() < 0.3:
        ending = "dismiss" if random.random() < 0.15 else "add_to_cart"
        log.add(ending, time + timedelta(seconds=20), shopper, item=world.products[wanted]["sku"])
        return
    basket = basket_of(world, random, shopper, wanted, time)
    for title in basket[:2]:
        time += timedelta(seconds=random.randrange(5, 60))
        log.add("add_to_cart", time, shopper, item=world.products[title]["sku"])
    buy(world, random, log, shopper, basket, time + timedelta(seconds=90))


def simulate(world: World) -> Log:
    """Returns the whole log; each shopper has a random source of their own, so that one more changes no other."""
    log = Log()
    for number in range(SHOPPERS):
        random = Random(SEED * 1000 + number)
        shopper = make_shopper(world, random, number)
        pace = random.uniform(6.0, 14.0)
        day = random.uniform(0.0, pace)
        while day < DAYS:
            hour = random.choices(range(24), [1] * 7 + [3, 5, 6, 6, 6, 8, 7, 5, 5, 5, 6, 8, 10, 12, 11, 7, 3])[0]
            moment = timedelta(days=int(day), hours=hour, seconds=random.randrange(3000))
            visit(world, random, log, shopper, START + moment)
            day += max(1.0, random.gauss(pace, pace / 4))
    return log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "events.csv")
    simulate(read_world()).write(parser.parse_args().out)


if __name__ == "__main__":
    main()
