"""Serving a built shop in the foreground, and saying where and with which key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tradewind.errors import NotFoundError
from tradewind.registry.pointers import current
from tradewind.settings import Shop


def serve_shop(
    shop: Shop, say: Callable[[str], None], *, host: str | None, port: int | None, workers: int | None
) -> None:
    """Serves until Ctrl-C or SIGTERM, and tells `say` where; what is given goes before what shop.yaml says.

    Raises NotFoundError when nothing was built yet, ConfigError when the port is taken.
    """
    from tradewind.service.serve import Running, serve

    require_built(shop)
    opened = with_serving(shop, host=host, port=port, workers=workers)
    greeting = _greeting(opened)

    def tell(running: Running) -> None:
        for line in (f"{opened.settings.shop} answers on {running.url} (Ctrl-C stops it)", *greeting):
            say(line)

    serve(opened, on_ready=tell)


def require_built(shop: Shop) -> None:
    """Raises NotFoundError when the shop has no generation that could answer."""
    if current(shop.artefacts, "generation", "shop") is None:
        raise NotFoundError("nothing was built yet", where=str(shop.root), hint=f"tradewind up {shop.root}")


def check_port(shop: Shop, host: str | None, port: int | None) -> None:
    """Raises ConfigError when the service could not listen: better now than after minutes of building."""
    from tradewind.service.serve import free_port

    serving = with_serving(shop, host=host, port=port, workers=None).settings.serve
    free_port(serving.host, serving.port)


def with_serving(shop: Shop, **given: Any) -> Shop:
    """Returns the shop with those settings of `serve` that are given (not None)."""
    changes = {name: value for name, value in given.items() if value is not None}
    serving = shop.settings.serve.model_validate(shop.settings.serve.model_dump() | changes)
    return Shop(shop.settings.model_copy(update={"serve": serving}), shop.root)


def _greeting(shop: Shop) -> list[str]:
    """Returns what a demo's visitor needs to know: the key for calls of their own."""
    if not shop.settings.serve.demo:
        return ["make a key with `tradewind keys create`"]
    from tradewind.service.demo import prepare

    access = prepare(shop)
    notice = shop.settings.notice
    return [f"API key of this demo (search, events): {access.browser_key}", *([notice.strip()] if notice else [])]
