"""Assembles the HTTP service: the API, what every request passes, and the console's pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from tradewind import __version__
from tradewind.console.pages import console_routes
from tradewind.service import openapi, problems
from tradewind.service.assembly import Service, open_service
from tradewind.service.backing import Open, open_backing
from tradewind.service.jobs.submission import body_limit
from tradewind.service.loopback import require_loopback
from tradewind.service.metrics import Metrics
from tradewind.service.middleware.admission import Admission
from tradewind.service.middleware.body import BodyLimit
from tradewind.service.middleware.frame import Frame
from tradewind.service.routes import (
    demo,
    events,
    health,
    items,
    jobs,
    metrics,
    predict,
    purchase,
    recommend,
    search,
    suggest,
    users,
)
from tradewind.service.worker import Worker
from tradewind.settings import ServeSettings, Shop

ROUTES = (search, suggest, recommend, purchase, predict, jobs, items, events, users, metrics, health)
ALONE = Worker()


def create_app(shop: Shop, *, worker: Worker = ALONE, open_parts: Open = open_backing) -> FastAPI:
    """Returns the service of `shop`; it opens the store and the engine when it starts, and closes them when it stops.

    Raises ConfigError when demo mode is asked for on an address that others can reach.
    """
    counted = Metrics()
    app = FastAPI(
        title="Tradewind",
        version=__version__,
        description=openapi.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(shop, worker, open_parts, counted),
    )
    _add_routes(app, shop.settings.serve)
    _add_middleware(app, shop.settings.serve, counted)
    problems.install(app)
    openapi.install(app)
    return app


def _add_routes(app: FastAPI, settings: ServeSettings) -> None:
    for module in ROUTES:
        app.include_router(module.router)
    if settings.demo:
        require_loopback(settings.host)
        app.include_router(demo.router)
    app.router.routes.extend(console_routes())


def _add_middleware(app: FastAPI, settings: ServeSettings, counted: Metrics) -> None:
    """The last one added is the outermost."""
    app.add_middleware(BodyLimit, limit_of=partial(body_limit, settings))
    app.add_middleware(Admission, most=settings.max_in_flight, metrics=counted)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, **_cors(settings))
    app.add_middleware(Frame, metrics=counted)


def _cors(settings: ServeSettings) -> dict[str, Any]:
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": ["GET", "POST", "PUT", "DELETE"],
        "allow_headers": ["Authorization", "Content-Type", "X-Api-Key", "X-User-Token", "X-Deadline-Ms"],
        "expose_headers": ["X-Request-Id", "X-Generation", "X-Delta", "X-Cache", "Server-Timing", "Retry-After"],
        "max_age": 600,
    }


def _lifespan(
    shop: Shop, worker: Worker, open_parts: Open, counted: Metrics
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts = await asyncio.to_thread(open_parts, shop)
        service: Service = open_service(shop, parts, worker, counted)
        watcher = worker.watcher()
        app.state.service = service
        service.jobs.keeping.start()
        if watcher:
            watcher.start()
        worker.settle()
        yield
        await asyncio.to_thread(service.close)
        if watcher:
            watcher.close()

    return lifespan
