"""Runs a request through a list of components, each wired to the next by the names of what it reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol

from tradewind.engine.state import R, State


class Component(Protocol[R]):
    """A frozen config with a name and a call: from a state to the next state, touching nothing else."""

    @property
    def name(self) -> str: ...

    def __call__(self, state: State[R]) -> State[R]: ...


@dataclass(frozen=True, slots=True)
class Pipeline(Generic[R]):
    """A recipe: a name and its components, in order."""

    name: str
    components: tuple[Component[R], ...]

    def __call__(self, state: State[R]) -> State[R]:
        """Returns the state after the last component; the context's watch has what each cost, parts before wholes."""
        for component in self.components:
            with state.context.watch.stage(component.name):
                state = component(state)
        return state

    def describe(self) -> dict[str, Any]:
        """Returns the recipe as plain data: every component's name and settings, in order."""
        return {"name": self.name, "components": [repr(component) for component in self.components]}
