"""From what a token says to whom it is: the shop's user id becomes a pseudonym, and nothing else goes further in."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.data.store import Store
from tradewind.errors import AccessError
from tradewind.service.demo import DEMO_KEY_ID, Demo
from tradewind.service.tokens import TokenVerifier, key_id


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a verified token names: the shop's user id, or a household of the demo."""

    subject: str
    demo: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Names the person behind a token, and the pseudonym behind a person."""

    store: Store
    tokens: TokenVerifier
    demo: Demo | None = None

    def named_by(self, token: str) -> Person:
        """Returns whom `token` names. Raises AccessError when it names nobody here."""
        if self.demo and key_id(token) == DEMO_KEY_ID:
            return Person(self.demo.verifier.subject(token), demo=True)
        if not self.tokens.keys:
            raise AccessError("this shop takes no user tokens", hint="set serve.user_tokens.keys in shop.yaml")
        return Person(self.tokens.subject(token))

    def known(self, person: Person) -> str | None:
        """Returns the pseudonym of `person`, or None when nothing is known of them."""
        if person.demo:
            return self.demo.pseudonym(person.subject) if self.demo else None
        return self.store.pseudonym(person.subject, create=False)

    def remembered(self, person: Person) -> str:
        """Returns the pseudonym of `person`, new when there was none. Raises AccessError for a vanished household."""
        found = self.known(person) if person.demo else self.store.pseudonym(person.subject, create=True)
        if found is None:
            raise AccessError("the demo has no such household")
        return found
