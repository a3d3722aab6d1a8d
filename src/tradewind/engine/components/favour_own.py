"""In a search, what this person has bought before."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice

from tradewind.engine.filtering import hits_of, times_bought
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class FavourOwn:
    """Adds the list `name`: those among the first `depth` of every list that the person bought, most and latest first.

    It brings in nothing that the query did not find, and looks at the `most` things the person buys most.
    """

    depth: int
    most: int = 200
    name: str = "own"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        profile, view = state.context.profile, state.view
        if profile is None or not profile.bought:
            return state
        found = set(chain.from_iterable(hits.rows[: self.depth].tolist() for hits in state.lists.values()))
        most = islice(profile.bought.items(), self.most)
        bought = [(item, weight) for item, weight in most if view.row_of(item) in found]
        hits = hits_of(view, bought, state.request.filters, self.depth)
        return state.with_list(self.name, hits, times_bought(view, hits, profile))
