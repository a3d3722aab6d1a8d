"""The pinned OpenAPI document: `python -m tradewind.service.contract FILE` writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tradewind.service.app import create_app
from tradewind.settings import Shop, parse_shop

_ANY_SHOP = b"{shop: any, items: {source: {path: items.csv}, id: id, title: title}}"


def pinned() -> str:
    """Returns the document of a service without demo mode, as it is kept in docs/reference/openapi.json."""
    app = create_app(Shop(parse_shop(_ANY_SHOP, where="contract"), Path()))
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(pinned(), encoding="utf-8")
