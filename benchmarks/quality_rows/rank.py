"""Order of judged electronics products: rankers learned on other queries, beside the untuned encoder, BM25 and chance.

    python benchmarks/quality_rows/rank.py --data ../shared/data/icecat_chorus_en [--seed 13] [--json] [--out DIR]

Five folds by query; only judged documents are ranked; nDCG@10 with linear gain over the queries that have a grade of 2
or more. Every learned number, and the choice between the rankers, comes from the training folds alone. A product is
read as its title and its short description. `--cross-encoder` adds that row: five runs of its own, minutes each.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import numpy.typing as npt
import torch

from tradewind.evaluation.bm25 import Bm25
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.tasks.rank.blend import BlendInputs, fit_blend, smoothed
from tradewind.tasks.rank.features import Candidates, features
from tradewind.tasks.rank.fields import ItemFields, stems
from tradewind.tasks.rank.folds import Columns, Rows, out_of_fold
from tradewind.tasks.rank.judged import JudgedQuery, answerable, judged_queries
from tradewind.tasks.rank.word_match import WordMatch
from tradewind.training.plan import Plan
from tradewind.training.rank.task import RankTask
from tradewind.training.rank.trees import TreeSettings, fit_trees
from tradewind.training.supervised.run import RunSettings, fine_tune

FOLDS = 5
ANSWERS = 2
"""The grade from which a product answers a query: the 22 queries without one are learned from and not reported."""
Fit = Callable[[Rows], Callable[[int], Columns]]


@dataclass(frozen=True)
class Shop:
    """Products by id, and what of them is compared."""

    fields: dict[str, ItemFields]

    def text(self, item: str) -> str:
        """Returns what the encoder reads of a product."""
        return f"{self.fields[item].title} {self.fields[item].description}".strip()

    def words(self, item: str) -> str:
        """Returns what is matched word by word."""
        return f"{self.text(item)} {self.fields[item].brand}"


@dataclass(frozen=True)
class Bench:
    """The judged queries with what the rankers read: inputs of the blend and feature rows, one of each a query."""

    queries: tuple[JudgedQuery, ...]
    inputs: list[BlendInputs]
    features: list[Columns]
    lexical: list[Columns]
    trees: TreeSettings
    seed: int


def read(data: Path, quick: bool) -> tuple[Shop, tuple[JudgedQuery, ...]]:
    """Returns the products, and the judged queries: with `quick` every third."""
    with gzip.open(data / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        fields = {row["id"]: _fields(row) for row in map(json.loads, lines)}
    qrels: dict[str, dict[str, int]] = {}
    with (data / "Broad_Query_Set_rated.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["docid"] in fields:
                qrels.setdefault(row["query"], {})[row["docid"]] = int(row["rating"])
    return Shop(fields), judged_queries(qrels)[:: 3 if quick else 1]


def _fields(row: dict[str, Any]) -> ItemFields:
    told = " ".join(str(value) for name, value in row.items() if name.startswith("attr_t"))
    price = float(row["price"]) if row.get("price") else None
    title = row.get("title") or row.get("name") or ""
    return ItemFields(title, row.get("short_description") or "", row.get("supplier") or "", told, price)


def bench(shop: Shop, queries: tuple[JudgedQuery, ...], checkpoint: Checkpoint, given: argparse.Namespace) -> Bench:
    """Encodes what is judged and returns what the rankers read."""
    torch.set_num_threads(given.threads)
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes)
    items = sorted({item for query in queries for item in query.items})
    vectors = dict(zip(items, encoder.encode([shop.text(item) for item in items], "passage"), strict=True))
    asked = encoder.encode([query.query for query in queries], "query")
    compared = [*(shop.words(item) for item in items), *(query.query for query in queries)]
    corpus = [shop.words(item) for item in shop.fields]
    match = WordMatch.over(corpus, compared, lambda words: encoder.encode(words, "query"))
    number = {item: place for place, item in enumerate(shop.fields)}
    lexical = Bm25(corpus)
    brands = frozenset(w for item in shop.fields.values() for w in stems(item.brand) if len(w) > 2)
    inputs, rows, found = [], [], []
    for query, vector in zip(queries, asked, strict=True):
        mine = np.stack([vectors[item] for item in query.items])
        cosine = np.asarray(mine @ vector, dtype=np.float64)
        words = match.scores(query.query, [shop.words(item) for item in query.items])
        inputs.append(BlendInputs(cosine, smoothed(cosine, mine), words))
        found.append(np.asarray(lexical.scores(query.query)[[number[item] for item in query.items]], dtype=np.float64))
        scores = {"cosine": cosine, "smoothed": inputs[-1].smoothed, "words": words, "bm25": found[-1]}
        rows.append(features(Candidates(query.query, [shop.fields[item] for item in query.items], scores), brands))
    trees = TreeSettings(models=1 if given.quick else 2, seed=given.seed, rising=(0, 1, 2, 3, 4, 5, 6, 7, 8))
    return Bench(queries, inputs, rows, found, trees, given.seed)


def blended(made: Bench) -> Fit:
    """Learns the blend's two numbers."""

    def fit(train: Rows) -> Callable[[int], Columns]:
        blend = fit_blend([made.queries[place] for place in train], [made.inputs[place] for place in train])
        return lambda place: blend.scores(made.inputs[place])

    return fit


def boosted(made: Bench) -> Fit:
    """Learns boosted trees over the features."""

    def fit(train: Rows) -> Callable[[int], Columns]:
        ranker = fit_trees([made.queries[p] for p in train], [made.features[p] for p in train], made.trees)
        return lambda place: ranker.scores(made.features[place])

    return fit


def chosen(made: Bench, rankers: Sequence[Fit]) -> Fit:
    """Learns one of `rankers`, plainest first, by held-out thirds of the training queries: the first that is not
    beaten by more than a standard error (Breiman et al., "Classification and Regression Trees", 1984, section 3.4)."""

    def fit(train: Rows) -> Callable[[int], Columns]:
        inside = [made.queries[place] for place in train]

        def reached(ranker: Fit) -> npt.NDArray[np.float64]:
            return ndcg(inside, out_of_fold(inside, lambda rows: _within(ranker, train, rows), folds=3, seed=made.seed))

        found = [reached(ranker) for ranker in rankers]
        best = max(found, key=np.mean)
        near = [np.mean(best - one) <= np.std(best - one) / np.sqrt(len(one)) for one in found]
        return rankers[near.index(True)](train)

    return fit


def _within(ranker: Fit, train: Rows, rows: Rows) -> Callable[[int], Columns]:
    score = ranker(train[rows])
    return lambda place: score(int(train[place]))


def crossed(made: Bench, shop: Shop, checkpoint: Checkpoint, given: argparse.Namespace, out: Path) -> Fit:
    """Learns a cross-encoder, validated on every sixth training query."""
    task = RankTask({item: shop.text(item) for query in made.queries for item in query.items}, given.loss)
    plan = Plan("full", given.steps, 64, 1, max(1, given.steps // 4), 2e-4, "adamw", 0.01, 0.1, 0.1, 9, given.seed, 1)

    def fit(train: Rows) -> Callable[[int], Columns]:
        sides = tuple([made.queries[p] for p in train if (p % 6 == 0) == held] for held in (False, True))
        done = fine_tune(task, checkpoint, sides, plan, out, settings=RunSettings(blocks=3, max_tokens=48))  # type: ignore[arg-type]
        return lambda place: task.scores(done.outputs([made.queries[place]]), [made.queries[place]])[0]

    return fit


def ndcg(queries: Sequence[JudgedQuery], scores: Sequence[Columns]) -> npt.NDArray[np.float64]:
    """Returns nDCG@10 of every query with an answer."""
    kept = np.flatnonzero(answerable(queries, ANSWERS)).tolist()
    return np.array([queries[place].ndcg(scores[place]) for place in kept])


def measured(made: Bench, more: dict[str, Fit]) -> dict[str, npt.NDArray[np.float64]]:
    """Returns nDCG@10 a query of every method, the learned ones from the folds that they did not see."""
    random = np.random.default_rng(made.seed)
    drawn = [ndcg(made.queries, [random.random(len(query)) for query in made.queries]) for _ in range(20)]
    fits = {"blend": blended(made), "boosted trees": boosted(made)}
    fits["ours, chosen within the training folds"] = chosen(made, list(fits.values()))
    learned = {
        name: ndcg(made.queries, out_of_fold(made.queries, fit, folds=FOLDS, seed=made.seed))
        for name, fit in (fits | more).items()
    }
    untuned = ndcg(made.queries, [one.cosine for one in made.inputs])
    return {"random": np.mean(drawn, axis=0), "BM25": ndcg(made.queries, made.lexical), "untuned": untuned, **learned}


def table(found: dict[str, npt.NDArray[np.float64]], seed: int) -> Table:
    """Returns the means, with the gain over untuned and its paired interval."""
    rows = {}
    for name, values in found.items():
        gain = paired_bootstrap(values, found["untuned"], seed=seed)
        rows[name] = {"nDCG@10": float(values.mean()), "gain": gain.mean, "from": gain.low, "to": gain.high}
    ours = next(name for name in found if name.startswith("ours"))
    note = f"{len(values)} queries with a grade of {ANSWERS} or more; 95 % paired bootstrap; seed {seed}"
    return Table("rank: icecat_chorus_en", ("nDCG@10", "gain", "from", "to"), rows, ours, (note,))


def claims(found: Table) -> list[Claim]:
    """Returns what is promised: the level, and a gain over untuned that is more than chance."""
    ours, untuned = found.rows[found.ours or ""], found.rows["untuned"]
    return [
        Claim("rank: nDCG@10", ours["nDCG@10"], 0.945, "nDCG@10", 1.0),
        Claim("rank: above the untuned encoder", ours["nDCG@10"], untuned["nDCG@10"], "nDCG@10", 1.0),
        Claim("rank: lower end of the gain over untuned, plus 1", 1 + ours["from"], 1.0, "nDCG@10", 1.0),
    ]


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data/icecat_chorus_en"))
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--pretrained", default="package:minilm")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--cross-encoder", action="store_true")
    options.add_argument("--loss", default="listwise", choices=["regression", "classes", "pairwise", "listwise"])
    options.add_argument("--steps", type=int, default=120, help="of the cross-encoder")
    options.add_argument("--out", type=Path, help="keep the table here")
    options.add_argument("--quick", action="store_true", help="a third of the queries, fewer trees")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if not (given.data / "products.jsonl.gz").is_file():
        print(f"{given.data} is not there: this row needs the data of ../shared/data", file=sys.stderr)
        return 2
    shop, queries = read(given.data, given.quick)
    checkpoint = resolve(given.pretrained)
    made = bench(shop, queries, checkpoint, given)
    with tempfile.TemporaryDirectory() as scratch:
        more = {"cross-encoder": crossed(made, shop, checkpoint, given, Path(scratch))} if given.cross_encoder else {}
        found = table(measured(made, more), given.seed)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "rank.json").write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    print("\n".join(json.dumps(one.as_json()) for one in claims(found)) if given.json else found.as_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
