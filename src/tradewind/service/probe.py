"""Asks the engine a question that no cache has answered before, to know that a generation answers."""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from tradewind.engine.requests import SearchRequest
from tradewind.service.assembly import Service
from tradewind.telemetry import logger

SECONDS: Final = 2.0
_count = itertools.count()


async def probe(service: Service) -> bool:
    """Returns whether a search is answered within two seconds; beside the pool, so that being busy is no failure."""
    question = SearchRequest(query=f"ready {next(_count)}", k=1, deadline_ms=1_000)
    try:
        await asyncio.wait_for(asyncio.to_thread(service.engine.search, question), SECONDS)
    except Exception as error:
        logger.warning("the probe query failed: %s", type(error).__name__)
        return False
    return True
