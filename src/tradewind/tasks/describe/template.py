"""The baseline: a sentence per language with the item's own words filled in. It can claim nothing that is not there."""

from __future__ import annotations

from tradewind.tasks.describe.brief import Brief, in_language


class TemplateGenerator:
    """Writes the same sentence for everything; needs no model."""

    @property
    def name(self) -> str:
        """Returns `template`."""
        return "template"

    def write(self, briefs: list[Brief]) -> list[str]:
        """Returns one text per brief."""
        return [_chinese(brief) if brief.language == "zh" else _english(brief) for brief in briefs]


def _english(brief: Brief) -> str:
    item = brief.item
    told = {name: in_language(value, "en") for name, value in item.attributes.items()}
    parts = [in_language(item.title, "en")]
    parts += [f"by {in_language(item.brand, 'en')}"] if item.brand else []
    parts += [f"made of {told.pop('material')}"] if "material" in told else []
    parts += [f"in {told.pop('colour')}"] if "colour" in told else []
    sentence = ", ".join([" ".join(parts[:2]), *parts[2:]])
    rest = "; ".join(f"{name} {value}" for name, value in told.items())
    return f"{sentence}{'. ' + rest.capitalize() if rest else ''}."


def _chinese(brief: Brief) -> str:
    item = brief.item
    told = {name: in_language(value, "zh") for name, value in item.attributes.items()}
    parts = [in_language(item.title, "zh")]
    parts += [f"{in_language(item.brand, 'zh')}出品"] if item.brand else []
    parts += [f"材质为{told.pop('material')}"] if "material" in told else []
    parts += [f"颜色为{told.pop('colour')}"] if "colour" in told else []
    parts += [f"规格{told.pop('size')}"] if "size" in told else []
    parts += [f"口味{told.pop('flavour')}"] if "flavour" in told else []
    return "，".join([*parts, *told.values()]) + "。"
