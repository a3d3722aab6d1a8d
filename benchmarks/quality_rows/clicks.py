"""`click` measured: do estimates from another policy's log find a known truth, and what do they say of Open Bandit?

    python benchmarks/quality_rows/clicks.py --data ../shared/data/open_bandit_zozotown [--quick] [--json]

The synthetic part needs no data and has a truth: a seeded world whose logging policy saw what the policy in question
may not see. Open Bandit (Saito et al., NeurIPS 2021) has two policies on the same pages in the same week: the value of
Bernoulli Thompson sampling is estimated from the log of the uniform policy, and held against its own log's mean. With
38 to 69 clicks a log its own mean is a rough one too; the intervals say how rough.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.off_policy import (
    Estimate,
    PolicyLog,
    doubly_robust,
    inverse_propensity,
    naive,
    self_normalised,
)
from tradewind.evaluation.report import Table
from tradewind.tasks.click.bandit import BanditLog, greedy_policy
from tradewind.tasks.click.examination import from_interventions
from tradewind.tasks.click.simulated import BanditWorld, RankingWorld
from tradewind.training.click.policy import CORRECTIONS, ClickConfig, learn_attraction, learn_policy
from tradewind.training.click.reward_model import REWARD_TREES, cross_fitted

CAMPAIGNS = ("all", "men", "women")
SMALL = replace(REWARD_TREES, trees=30, leaves=8)


def known_truth(seed: int, runs: int, rows: int) -> tuple[Table, list[Claim]]:
    """Returns bias, spread and coverage of each estimator over `runs` logs of `rows` choices."""
    world = BanditWorld.seeded(seed)
    truth = world.value(world.target_policy)
    found: dict[str, list[Estimate]] = {}
    for run in range(runs):
        log = world.log(rows, 1000 * seed + run)
        view = log.against(
            world.target_policy(log.contexts), cross_fitted(log, folds=2, seed=run, config=SMALL, clip=50.0)
        )
        found.setdefault("mean of the log", []).append(mean_of(log))
        for estimator in (naive, inverse_propensity, self_normalised, doubly_robust):
            estimate = estimator(view)
            found.setdefault(estimate.estimator, []).append(estimate)
        cut = inverse_propensity(view, clip=5.0)
        found.setdefault("inverse propensity, clipped at 5", []).append(cut)
    rows_of = {name: summary(each, truth) for name, each in found.items()}
    notes = (
        f"True value {truth:.4f}; {runs} logs of {rows:,} choices of 8 actions, world seed {seed}. The naive reading "
        f"covers the truth in {rows_of['naive']['95 % covers']:.0%} of them.",
        "Clipping is shown to say what it costs: its warnings name the share of weights that were cut.",
    )
    columns = ("bias", "bias in standard errors", "spread", "95 % covers", "interval width", "effective rows")
    table = Table("Estimates of a policy's value from another's log, truth known", columns, rows_of, None, notes)
    claims = [
        Claim(
            f"click: 95 % interval of {name} covers the truth",
            rows_of[name]["95 % covers"],
            rows_of["naive"]["95 % covers"],
            "share",
            0.91,
            "higher",
            "ours",
        )
        for name in ("inverse propensity", "self-normalised", "doubly robust")
    ]
    ours, theirs = (abs(rows_of[name]["bias"]) for name in ("doubly robust", "naive"))
    return table, [
        *claims,
        Claim("click: bias of doubly robust against naive", ours, theirs, "click rate", 0.1, "lower"),
        Claim("click: the naive 95 % interval covers the truth", rows_of["naive"]["95 % covers"], 0.95, "share", 0.5,
              "lower", "ours"),
    ]  # fmt: skip


def mean_of(log: BanditLog) -> Estimate:
    """Returns the plain mean of the log as an estimate of anything, with its own interval."""
    flat = np.ones(len(log))
    return replace(inverse_propensity(PolicyLog(log.rewards, flat, flat)), estimator="mean of the log")


def summary(found: list[Estimate], truth: float) -> dict[str, float]:
    """Returns bias, its size in standard errors of the runs, spread, coverage, width and effective rows."""
    values = np.array([each.value for each in found])
    return {
        "bias": float(values.mean() - truth),
        "bias in standard errors": float((values.mean() - truth) / (values.std(ddof=1) / np.sqrt(len(values)))),
        "spread": float(values.std(ddof=1)),
        "95 % covers": float(np.mean([each.holds(truth) for each in found])),
        "interval width": float(np.mean([each.high - each.low for each in found])),
        "effective rows": float(np.mean([each.effective for each in found])),
    }


def learned(seed: int, seeds: int, rows: int) -> tuple[list[Table], list[Claim]]:
    """Returns the true value of policies learned with and without correction, and the error of learned attraction."""
    world, ranking = BanditWorld.seeded(seed), RankingWorld.seeded(seed)
    best = world.value(lambda contexts: greedy_policy(contexts @ world.tastes.T + world.appeal), 50_000)
    earned: dict[str, list[float]] = {}
    error: dict[str, list[float]] = {}
    for each in range(seeds):
        log, shown = world.log(rows, 77 + each), ranking.log(rows // 2, 177 + each, shuffled=0.1)
        examination = from_interventions(shown)
        for correction in CORRECTIONS:
            config = ClickConfig(correction, trees=replace(SMALL, trees=60))
            earned.setdefault(correction, []).append(world.value(learn_policy(log, config), 8000))
            model = learn_attraction(shown, ranking.features, examination, config)
            missed = model.predict(ranking.features) - ranking.relevance
            error.setdefault(correction, []).append(float(np.sqrt(np.mean(missed**2))))
    rows_of = {name: {"true value": float(np.mean(v)), "spread": float(np.std(v))} for name, v in earned.items()}
    errors = {name: {"RMSE": float(np.mean(v)), "spread": float(np.std(v))} for name, v in error.items()}
    tables = [
        Table(
            "True value of a policy learned from a slanted log",
            ("true value", "spread"),
            {**rows_of, "knows the tastes": {"true value": best}},
            "doubly robust",
            (f"{seeds} logs of {rows:,} choices, seed {seed}.",),
        ),
        Table(
            "Error of attraction learned from clicks in rankings",
            ("RMSE", "spread"),
            errors,
            "doubly robust",
            (f"{seeds} logs of {rows // 2:,} replies, a tenth shuffled; examination estimated from the same log.",),
        ),
    ]
    naive_value, ours = rows_of["none"]["true value"], rows_of["doubly robust"]["true value"]
    return tables, [
        Claim("click: true value of a policy learned doubly robust", ours, naive_value, "click rate", 1.05),
        Claim(
            "click: error of attraction, doubly robust", errors["doubly robust"]["RMSE"], errors["none"]["RMSE"],
            "RMSE", 0.5, "lower",
        ),
    ]  # fmt: skip


def open_bandit(folder: Path, campaign: str, seed: int) -> tuple[Table, tuple[bool, float, float]]:
    """Returns the estimates of the bts policy's value from the random log, beside its own log."""
    uniform, bts = (pd.read_csv(folder / policy / f"{campaign}.csv.gz") for policy in ("random", "bts"))
    choices = int(max(uniform["item_id"].max(), bts["item_id"].max())) + 1
    # What bts shows at a position, as often as it showed it: its true probabilities moved over the week.
    shown = (
        bts.groupby(["position", "item_id"]).size().unstack(fill_value=0).reindex(columns=range(choices), fill_value=0)
    )
    chances = shown.div(shown.sum(axis=1), axis=0)
    log = bandit_log(uniform, choices, folder / "random" / f"{campaign}.item_context.csv")
    policy = chances.loc[uniform["position"]].to_numpy()
    view = log.against(policy, cross_fitted(log, seed=seed, config=SMALL))
    own = mean_of(bandit_log(bts, choices, folder / "bts" / f"{campaign}.item_context.csv"))
    kept = {"click rate": own.value, "low": own.low, "high": own.high, "effective rows": own.effective}
    rows = {"bts, its own log": kept}
    found = [replace(mean_of(log), estimator="mean of the random log"), naive(view)]
    found += [f(view) for f in (inverse_propensity, self_normalised, doubly_robust)]
    for each in found:
        rows[each.estimator] = {
            "click rate": each.value, "low": each.low, "high": each.high, "effective rows": each.effective
        }  # fmt: skip
    notes = [f"{len(uniform):,} and {len(bts):,} impressions, {int(uniform['click'].sum())} and "
             f"{int(bts['click'].sum())} clicks, {choices} items, seed {seed}."]  # fmt: skip
    notes += [f"Diagnosis: {word}." for word in found[-1].warnings]
    notes += [f"Backwards, uniform from the bts log: {backwards(bts, choices)}"]
    robust = found[-1]
    meets = robust.low <= own.high and own.low <= robust.high
    table = Table(f"Open Bandit, campaign {campaign}", ("click rate", "low", "high", "effective rows"), rows, None,
                  tuple(notes))  # fmt: skip
    return table, (meets, robust.value, own.value)


def backwards(bts: pd.DataFrame, choices: int) -> str:
    """Returns in words what the bts log says of the uniform policy: the case of heavy weights."""
    view = PolicyLog(
        bts["click"].to_numpy(np.float64), bts["propensity_score"].to_numpy(np.float64), np.full(len(bts), 1 / choices)
    )
    found = self_normalised(view, clip=20.0)
    return f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f}), clipped at 20; " + "; ".join(found.warnings) + "."


def bandit_log(table: pd.DataFrame, choices: int, described: Path) -> BanditLog:
    """Returns the impressions as a log; a context is the position and the hashed user features as numbers."""
    users = [table[f"user_feature_{n}"].astype("category").cat.codes.to_numpy() for n in range(4)]
    items = pd.read_csv(described).sort_values("item_id").head(choices)
    coded = [items[f"item_feature_{n}"].astype("category").cat.codes.to_numpy() for n in range(1, 4)]
    features = np.stack([np.arange(choices), items["item_feature_0"].to_numpy(), *coded], axis=1).astype(np.float64)
    contexts = np.stack([table["position"].to_numpy(), *users], axis=1).astype(np.float64)
    return BanditLog(
        contexts,
        table["item_id"].to_numpy(np.int64),
        table["click"].to_numpy(np.float64),
        table["propensity_score"].to_numpy(np.float64),
        features,
    )


def main() -> int:
    """Prints tables or claims; returns 2 when the Open Bandit folder is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/open_bandit_zozotown"))
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="not used: nothing is kept")
    options = parser.parse_args()
    if not (options.data / "random" / "all.csv.gz").exists():
        print(f"there is no random/all.csv.gz in {options.data}", file=sys.stderr)
        return 2
    table, claims = known_truth(options.seed, 40 if options.quick else 240, 2000 if options.quick else 3000)
    tables, more = learned(options.seed, 2 if options.quick else 5, 5000)
    tables, claims = [table, *tables], [*claims, *more]
    for campaign in CAMPAIGNS:
        table, (meets, ours, own) = open_bandit(options.data, campaign, options.seed)
        tables.append(table)
        what = f"click: Open Bandit {campaign}, doubly robust and on-policy intervals meet ({ours:.4f}, {own:.4f})"
        claims.append(Claim(what, float(meets), 1.0, "yes", 1.0))
    for line in [c.as_json() for c in claims] if options.json else []:
        print(json.dumps(line))
    if not options.json:
        print("\n\n".join(table.as_text() for table in tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
