"""What is concluded about a person, worded for that person, and what the person takes back of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradewind.data.features.profile import profile_of
from tradewind.data.records import Event
from tradewind.engine.predicted import ON
from tradewind.engine.tags import shelf_of
from tradewind.service.assembly import Service
from tradewind.service.problems import ProblemError
from tradewind.service.schemas.users import Interest, ProfileAnswer, TagEvidence, TagShown
from tradewind.tasks.profile.build import build_profile
from tradewind.tasks.profile.tags import PREDICTED, Deletions, Tag, TaggedProfile

MOST_SHOWN: Final = 100


def profile_answer(service: Service, user: str | None) -> ProfileAnswer:
    """Returns what is concluded about `user` (a pseudonym); nothing for somebody unknown or with the switch off.

    Items of a sensitive topic (health, pregnancy, religion, sex, minors) make no tag, whatever was bought, and no guess
    reads them.
    """
    personalise = user is None or service.store.consent(user).personalise
    events = service.store.events_of(user) if user and personalise else []
    deletions = _deletions(service, user) if user and personalise else Deletions()
    profile, tagged = profile_of(events), _tagged(service, events, deletions)
    return ProfileAnswer(
        personalise=personalise,
        events=len(events),
        baskets=len(profile.baskets),
        tags=[_shown(tag) for tag in tagged.tags],
        deleted_tags=deletions.as_json(),
        withheld_events=tagged.withheld,
        categories=_interests(tagged, "category"),
        brands=_interests(tagged, "brand"),
        recent=list(profile.recent[:MOST_SHOWN]),
        bought=dict(sorted(profile.times_bought.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_SHOWN]),
        dismissed=sorted(profile.dismissed),
    )


def delete_tag(service: Service, user: str | None, tag_id: str) -> None:
    """Takes a tag out of a person's profile for good; twice is once.

    Raises ProblemError: 404 for a tag that the person has not, 409 when too many were taken back.
    """
    gone = _deletions(service, user) if user else Deletions()
    wanted = Deletions().with_tag(tag_id)
    if user is None or not (wanted.ids <= gone.ids or _has(service, user, wanted)):
        raise ProblemError(404, "not-found", "this profile has no such tag")
    if not all(service.store.delete_tag(user, each) for each in wanted.ids):
        raise ProblemError(409, "too-many-deletions", "too many tags were taken back; switch personalisation off")


def restore_tag(service: Service, user: str | None, tag_id: str) -> None:
    """Lets a tag that was taken back be concluded again. Raises ProblemError (404) for one that was not taken back."""
    wanted = Deletions().with_tag(tag_id)
    if user is None or not wanted.ids <= _deletions(service, user).ids:
        raise ProblemError(404, "not-found", "this tag was not deleted")
    for each in wanted.ids:
        service.store.restore_tag(user, each)


def _has(service: Service, user: str, wanted: Deletions) -> bool:
    if not service.store.consent(user).personalise:
        return False
    tagged = _tagged(service, service.store.events_of(user), _deletions(service, user))
    return any(Deletions().with_tag(tag.id).ids == wanted.ids for tag in tagged.tags)


def _tagged(service: Service, events: Sequence[Event], deletions: Deletions) -> TaggedProfile:
    shelf = shelf_of(service.engine.serving.view, events)
    return build_profile(events, shelf, deletions, ON, service.guesses.predictors(shelf.items))


def _deletions(service: Service, user: str) -> Deletions:
    return Deletions.of(service.store.deleted_tags(user))


def _shown(tag: Tag) -> TagShown:
    newest = [TagEvidence(event=e.event_id, time=e.time.isoformat(), item=e.item) for e in tag.evidence[:MOST_SHOWN]]
    return TagShown(
        id=tag.id, kind=tag.kind, value=tag.value, weight=round(tag.weight, 4), guess=tag.kind == PREDICTED,
        note=tag.note, rests_on=len(tag.evidence), evidence=newest,
    )  # fmt: skip


def _interests(tagged: TaggedProfile, kind: str) -> list[Interest]:
    shares = list(tagged.of_kind(kind).items())[:MOST_SHOWN]
    return [Interest(value=value, share=round(share, 4)) for value, share in shares]
