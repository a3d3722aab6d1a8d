"""What people took back, and jobs, in the store: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

from tradewind.data.store import Store, jobs
from tradewind.data.store.jobs import Job, Runner
from tradewind.data.store.schema import deleted_tags
from tradewind.data.store.store import MOST_DELETED_TAGS

JOB = Job("j1", "key", "word", "digest", "stars", 1, total=10, created=1.0)
HERE = {"j1", "j2", "j3"}


def someone(store: Store, name: str = "ann") -> str:
    return store.pseudonym(name, create=True) or ""


def test_a_tag_taken_back_stays_so_until_it_is_given_back_and_moves_the_version_once(store: Store) -> None:
    ann, bob = someone(store), someone(store, "bob")
    before = store.profile_version(ann)
    assert store.delete_tag(ann, "brand:acme") and store.delete_tag(ann, "brand:acme")
    assert (store.deleted_tags(ann), store.deleted_tags(bob)) == ({"brand:acme"}, frozenset())
    assert int(store.profile_version(ann)) == int(before) + 1
    assert store.export_user(ann)["deleted_tags"] == ["brand:acme"]
    store.restore_tag(ann, "brand:acme")
    assert store.deleted_tags(ann) == frozenset()
    assert int(store.profile_version(ann)) == int(before) + 2


def test_a_moved_switch_and_an_erasure_forget_what_was_taken_back(store: Store) -> None:
    ann = someone(store)
    store.delete_tag(ann, "brand:acme")
    store.set_consent(ann, personalise=True)
    assert store.deleted_tags(ann) == {"brand:acme"}
    store.set_consent(ann, personalise=False)
    assert store.deleted_tags(ann) == frozenset()
    store.delete_tag(ann, "brand:acme")
    store.erase_user("ann")
    assert store.deleted_tags(ann) == frozenset()


def test_nobody_takes_back_without_end(store: Store) -> None:
    ann = someone(store)
    with store.writing() as connection:
        rows = [{"pseudonym": ann, "tag": f"brand:{number}"} for number in range(MOST_DELETED_TAGS)]
        connection.execute(deleted_tags.insert(), rows)
    assert store.delete_tag(ann, "brand:one more") is False
    assert store.delete_tag(ann, "brand:7") is True


def test_a_job_comes_back_as_it_went_in_to_its_owner_alone(store: Store) -> None:
    with store.writing() as connection:
        assert jobs.add(connection, JOB, most=1) is JOB
        assert jobs.add(connection, replace(JOB, id="j2"), most=1) == JOB, "the same word of the same owner"
        assert jobs.add(connection, replace(JOB, id="j2", repeat=None), most=1) is None
        assert jobs.add(connection, replace(JOB, id="j2", owner="other"), most=2).owner == "other"
    with store.reading() as connection:
        assert jobs.find(connection, "j1", "key") == JOB
        assert jobs.find(connection, "j1", "other") is None
        assert jobs.counts(connection) == {"queued": 2}


def test_a_job_is_held_by_one_runner_until_its_lease_runs_out(store: Store) -> None:
    with store.writing() as connection:
        for number in (2, 1):
            jobs.add(connection, replace(JOB, id=f"j{number}", repeat=None, created=float(number)), most=9)
        assert jobs.claim(connection, Runner("a", now=0.0, until=60.0), set()) is None, "its texts are elsewhere"
        first = jobs.claim(connection, Runner("a", now=0.0, until=60.0), HERE)
        assert first is not None and (first.id, first.state, first.tries) == ("j1", "running", 1)
        second = jobs.claim(connection, Runner("b", now=10.0, until=70.0), HERE)
        assert second is not None and second.id == "j2"
        assert jobs.claim(connection, Runner("c", now=20.0, until=80.0), HERE) is None
        again = jobs.claim(connection, Runner("c", now=61.0, until=121.0), HERE)
        assert again is not None and (again.id, again.tries) == ("j1", 2)
        assert jobs.advance(connection, "j1", "a", {"done": 5}) is False
        assert jobs.advance(connection, "j1", "c", {"done": 5, "versions": ("v1",)}) is True
        found = jobs.find(connection, "j1", "key")
        assert found is not None and (found.done, found.versions) == (5, ("v1",))


def test_whoever_knows_that_a_runner_is_gone_waits_for_no_lease(store: Store) -> None:
    with store.writing() as connection:
        jobs.add(connection, JOB, most=1)
        jobs.claim(connection, Runner("a", now=0.0, until=60.0), HERE)
        jobs.release(connection, {"j2"})
        assert jobs.claim(connection, Runner("b", now=1.0, until=61.0), HERE) is None
        jobs.release(connection, HERE)
        taken = jobs.claim(connection, Runner("b", now=1.0, until=61.0), HERE)
        assert taken is not None and taken.runner == "b"


def test_a_cancelled_job_is_its_runners_no_more_and_ended_ones_are_forgotten_in_time(store: Store) -> None:
    with store.writing() as connection:
        jobs.add(connection, JOB, most=1)
        jobs.claim(connection, Runner("a", now=0.0, until=60.0), HERE)
        jobs.cancel(connection, JOB, now=5.0)
        assert jobs.advance(connection, "j1", "a", {"done": 1}) is False
        assert jobs.ids_with_files(connection) == set()
        assert jobs.forget_before(connection, 5.0) == []
        assert jobs.forget_before(connection, 6.0) == ["j1"]
        assert jobs.counts(connection) == {}
