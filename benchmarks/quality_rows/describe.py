"""Product text: a causal model tuned by LoRA on the shop's own texts, beside the same model untuned and a template.

Writes about products of examples/bilingual that have no description yet, checks every text, and plants a false claim in
each. Resumable: drafts lie in --out, one a line, and a text that is there is not written again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tradewind.data.records import Item
from tradewind.errors import TradewindError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.models.cache import default_cache
from tradewind.models.generator.causal import CausalGenerator, load_causal, save_causal
from tradewind.models.generator.packaged import packaged_generator
from tradewind.models.generator.weights import resolve_generator
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.describe.brief import Brief, Generator, in_language
from tradewind.tasks.describe.drafts import Draft, check, write_drafts
from tradewind.tasks.describe.faithfulness import Lexicon, unsupported
from tradewind.tasks.describe.template import TemplateGenerator
from tradewind.training.describe.tune import Example, split_examples, tune
from tradewind.training.plan import Budget, plan_run
from tradewind.training.tuning import method

ATTRIBUTES = ("colour", "size", "material", "flavour")
PLANTED = {
    "en": (
        " It has a bamboo handle.",
        " It holds 777 ml.",
        " Dishwasher-safe.",
        " Also in turquoise.",
        " Made in Japan.",
    ),
    "zh": ("配竹制把手。", "容量777毫升。", "可放入洗碗机。", "另有青绿可选。", "日本制造。"),
}


def main() -> int:
    """Runs the comparison and prints it; 2 when the example is not there."""
    options = _options()
    if not (options.data / "products.jsonl").is_file():
        print(f"{options.data} has no products.jsonl", file=sys.stderr)
        return 2
    if options.show_terms:
        print(packaged_generator("gemma3-270m").terms_text())
        return 0
    try:
        claims = _run(options)
    except TradewindError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        for claim in claims:
            print(json.dumps(claim.as_json()))
    return 0 if all(claim.holds for claim in claims) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "examples/bilingual")
    parser.add_argument("--generator", default="package:gemma3-270m")
    parser.add_argument("--accept-terms", action="store_true", help="the model's own terms were read and are accepted")
    parser.add_argument("--show-terms", action="store_true")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--texts", type=int, default=120, help="texts of the tuned model; a quarter of them untuned")
    parser.add_argument("--quick", action="store_true", help="12 steps and 24 texts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("describe-out"))
    options = parser.parse_args()
    if options.quick:
        options.steps, options.texts = min(options.steps, 12), min(options.texts, 24)
    return options


def _run(options: argparse.Namespace) -> tuple[Claim, ...]:
    options.out.mkdir(parents=True, exist_ok=True)
    items = {item.id: item for item in _items(options.data / "products.jsonl")}
    examples = list(_examples(options.data / "descriptions.jsonl", items))
    briefs = _unwritten(items, {example.brief.item.id for example in examples}, options.texts, options.seed)
    lexicon, own = Lexicon.of(items.values()), [example.text for example in examples]
    weights = resolve_generator(options.generator, default_cache(), accept_terms=options.accept_terms)
    rows, facts = {}, _tuned(weights.folder, weights.source, examples, options)
    written = {"template": list(write_drafts(TemplateGenerator(), briefs, lexicon))}
    few = briefs[: max(4, len(briefs) // 4)]
    written["untuned"] = _resumed(weights.folder, own, few, lexicon, options.out / "untuned.jsonl")
    written["tuned by LoRA"] = _resumed(options.out / "tuned", own, briefs, lexicon, options.out / "tuned.jsonl")
    for name, drafts in written.items():
        rows[name] = _figures(drafts, items, lexicon, options.seed)
    rows["untuned"]["token likelihood"] = facts["untuned"]
    rows["tuned by LoRA"]["token likelihood"] = facts["tuned"]
    columns = ("texts", "faithful", "false claims a text", "harmful", "names the brand", "planted caught",
               "different texts", "token likelihood")  # fmt: skip
    notes = (
        f"{weights.source} ({weights.licence}); {facts['learned']} texts learned, {facts['watched']} validated on; "
        f"seed {options.seed}; products written about have no text among them. Tuning took {facts['seconds']:.0f} s.",
        "Faithful: no word of the catalogue's or the packaged lexicon, no quantity, brand or code that the item lacks.",
    )
    print(Table("Product text from attributes", columns, rows, "tuned by LoRA", notes).as_text(), flush=True)
    return _claims(rows)


def _claims(rows: dict[str, dict[str, float]]) -> tuple[Claim, ...]:
    tuned, untuned = rows["tuned by LoRA"], rows["untuned"]
    return (
        Claim("describe: texts checked", tuned["texts"], 100.0, "texts", 1.0),
        Claim("describe: faithful after LoRA, against untuned", tuned["faithful"], untuned["faithful"], "share", 1.0),
        Claim("describe: likelihood of the shop's held-out texts", tuned["token likelihood"],
              untuned["token likelihood"], "likelihood", 1.0),
        Claim("describe: planted false claims caught", tuned["planted caught"], 1.0, "share", 0.99),
    )  # fmt: skip


def _items(path: Path) -> Iterator[Item]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Item(
            id=row["sku"],
            title=f"{row['title_zh']} {row['title_en']}",
            category=(row["department"], row["section"]),
            brand=row["brand"],
            price=row["price"],
            attributes={name: row[name] for name in ATTRIBUTES if name in row},
        )


def _examples(path: Path, items: dict[str, Item]) -> Iterator[Example]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Example(Brief(items[row["sku"]], row["language"]), row["text"])


def _unwritten(items: dict[str, Item], described: set[str], count: int, seed: int) -> list[Brief]:
    free = sorted(set(items) - described)
    order = np.random.default_rng(seed).permutation(len(free))
    chosen = [items[free[place]] for place in order]
    return [Brief(item, language) for item in chosen for language in ("en", "zh")][:count]


def _tuned(folder: Path, source: str, examples: Sequence[Example], options: argparse.Namespace) -> dict[str, Any]:
    """Tunes once; what came of it lies beside the model."""
    told, out = options.out / "tuning.json", options.out / "tuned"
    if told.is_file():
        found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        return found
    started = time.monotonic()
    learned, watched = split_examples(examples, 0.1, options.seed)
    causal, task = load_causal(folder, source), TaskSettings(method="lora", batch_size=2)
    budget = Budget(options.steps, 2, max(4, options.steps // 2))
    plan = plan_run(task, LearnSettings(threads=1, seed=options.seed), budget, method("lora"))
    result = tune(causal, learned, watched, plan, options.out / "run")
    save_causal(causal, out)
    facts = {"untuned": result.untuned, "tuned": result.tuned, "learned": len(learned), "watched": len(watched)}
    facts |= {"seconds": time.monotonic() - started, "steps": result.curves.last_step}
    told.write_text(json.dumps(facts), encoding="utf-8")
    return facts


def _resumed(folder: Path, own: Sequence[str], briefs: Sequence[Brief], lexicon: Lexicon, path: Path) -> list[Draft]:
    """Writes what is not yet in the file at `path`; findings are taken anew, so that they are this code's."""
    kept = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    done = {(row["item"], row["language"]): row["text"] for row in kept}
    missing = [brief for brief in briefs if (brief.item.id, brief.language) not in done]
    if missing:
        writer: Generator = CausalGenerator(load_causal(folder, path.stem), own, longest=48)
        with path.open("a", encoding="utf-8") as file:
            for draft in write_drafts(writer, missing, lexicon, at_once=12):
                row = {"item": draft.item, "language": draft.language, "text": draft.text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                done[draft.item, draft.language] = draft.text
    texts = [done[brief.item.id, brief.language] for brief in briefs]
    return [
        Draft(brief.item.id, brief.language, text, path.stem, check(text, brief.item, lexicon))
        for brief, text in zip(briefs, texts, strict=True)
    ]


def _figures(drafts: Sequence[Draft], items: dict[str, Item], lexicon: Lexicon, seed: int) -> dict[str, float]:
    false = [sum(found.check == "unsupported" for found in draft.findings) for draft in drafts]
    named = [_names_brand(draft, items[draft.item]) for draft in drafts]
    return {
        "texts": float(len(drafts)),
        "faithful": float(np.mean([draft.faithful for draft in drafts])),
        "false claims a text": float(np.mean(false)),
        "harmful": float(np.mean([any(found.check == "harmful" for found in draft.findings) for draft in drafts])),
        "names the brand": float(np.mean(named)),
        "planted caught": _planted_caught(drafts, items, lexicon, seed),
        "different texts": len({draft.text for draft in drafts}) / len(drafts),
    }


def _names_brand(draft: Draft, item: Item) -> bool:
    return in_language(item.brand or "", draft.language).casefold() in draft.text.casefold()


def _planted_caught(drafts: Sequence[Draft], items: dict[str, Item], lexicon: Lexicon, seed: int) -> float:
    """Returns the share of false claims, one added to each text, that the check finds where they stand.

    A claim that happens to be true of the item is passed over for the next.
    """
    random, caught = np.random.default_rng(seed), []
    for draft in drafts:
        item = items[draft.item]
        for place in random.permutation(len(PLANTED[draft.language])):
            claim = PLANTED[draft.language][place]
            if not unsupported(claim, item, lexicon):
                continue
            found = unsupported(draft.text + claim, item, lexicon)
            caught.append(any(span.start >= len(draft.text) for span in found))
            break
    return float(np.mean(caught)) if caught else 0.0


if __name__ == "__main__":
    sys.exit(main())
