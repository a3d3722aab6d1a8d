"""Many texts as a job: submitted, polled, fetched, repeated, cancelled, and gone on with after whatever happens."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from tradewind.data.store import jobs
from tradewind.service.jobs.run import CHUNK, LEASE_SECONDS, Runner

PATH = "/v1/predict/length/jobs"
NDJSON = {"Content-Type": "application/x-ndjson"}


def submit(api: Any, texts: list[Any] | None = None, *, key: str = "jobs", **more: Any) -> Any:
    return api.call("POST", PATH, key=key, **({"json": {"texts": texts}} if texts else {}), **more)


def lines(api: Any, job: Any) -> list[dict[str, Any]]:
    answered = api.call("GET", f"/v1/predict/jobs/{job['id']}/result", key="jobs")
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answered.text.splitlines()]


def held(api: Any) -> Any:
    """Lets nobody work; returns the service."""
    service = api.client.app.state.service
    service.jobs.keeping.workers.held = True
    return service


def runner(service: Any, **more: Any) -> Runner:
    return Runner(service.jobs.keeping.workers.runner.desk, **more)


def files(service: Any) -> set[str]:
    root: Path = service.jobs.files.root
    return {path.name for folder in root.iterdir() if folder.is_dir() for path in folder.iterdir()}


def test_texts_are_answered_in_their_order_and_forgotten_when_the_job_is_done(make_api: Any) -> None:
    api = make_api()
    answered = submit(api, ["tea", "牛奶", "coffee"])
    assert answered.status_code == 202
    made = answered.json()
    assert answered.headers["location"] == f"/v1/predict/jobs/{made['id']}"
    shown = api.call("GET", answered.headers["location"], key="jobs").json()
    assert (shown["state"], shown["total"], shown["done"], shown["errors"]) == ("done", 3, 3, 0)
    assert shown["versions"] == ["v1"]
    assert shown["expires"] > shown["finished"] >= shown["created"]
    assert [one["prediction"]["labels"][0]["label"] for one in lines(api, made)] == ["3", "2", "6"]
    assert files(api.client.app.state.service) == {"results.ndjson"}


def test_a_bad_line_has_its_error_in_its_place_and_keeps_no_other_back(make_api: Any) -> None:
    api = make_api()
    body = b'"tea"\n{"text": "milk"}\nnot json\n\n17\n{"texts": "a"}\n"  "\n"a\\u0000b"\n"refused"\n"\xff"\n["a"]\n' + (
        b'"' + b"x" * 50_001 + b'"\n' + b'"' + b"x" * 2_500_000 + b'"\n' + b'"last, without an end"'
    )
    made = submit(api, content=body, headers=NDJSON).json()
    found = lines(api, made)
    assert [one["line"] for one in found] == list(range(1, 15))
    codes = {one["line"]: one["error"]["code"] for one in found if "error" in one}
    assert codes == {
        3: "not-json", 4: "empty", 5: "not-a-text", 6: "not-a-text", 7: "empty", 8: "not-text", 9: "refused",
        10: "not-json", 11: "not-a-text", 12: "too-long", 13: "too-long",
    }  # fmt: skip
    assert found[13]["prediction"]["labels"][0]["label"] == "20"
    shown = api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").json()
    assert (shown["total"], shown["done"], shown["errors"]) == (14, 14, 11)
    assert [one["line"] for one in shown["bad_lines"]] == list(codes)


def test_many_lines_stream_in_with_the_choices_that_the_address_asks_for(make_api: Any) -> None:
    api = make_api()

    def pieces() -> Any:
        for start in range(0, 4_000, 100):
            yield b"".join(b'"%d"\n' % number for number in range(start, start + 100))

    made = submit(api, content=pieces(), headers=NDJSON, params={"k": 3}).json()
    assert (made["total"], made["k"]) == (4_000, 3)
    found = lines(api, made)
    assert [len(one["prediction"]["labels"][0]["label"]) for one in found[:2]] == [1, 1]
    assert len(found) == 4_000
    assert "tradewind_job_texts_total" in api.client.get("/metrics").text


def test_another_key_sees_nothing_of_a_job(make_api: Any) -> None:
    api = make_api()
    service = api.client.app.state.service
    made = submit(api, ["tea"]).json()
    _, api.keys["other"] = service.keys.create("other", ["jobs"])
    for method, path in (("GET", ""), ("GET", "/result"), ("DELETE", "")):
        answered = api.call(method, f"/v1/predict/jobs/{made['id']}{path}", key="other")
        assert answered.status_code == 404
        assert answered.json()["detail"] == "there is no such job"
    assert len(lines(api, made)) == 1


def test_the_same_idempotency_key_is_the_same_job_and_with_another_body_a_conflict(make_api: Any) -> None:
    api = make_api()
    again = {"Idempotency-Key": "monday"}
    first, second = submit(api, ["tea"], headers=again), submit(api, ["tea"], headers=again)
    assert first.json()["id"] == second.json()["id"]
    assert second.status_code == 202
    assert submit(api, content=b'"tea"\n', headers={**again, **NDJSON}).json()["id"] == first.json()["id"]
    assert submit(api, ["coffee"], headers=again).status_code == 409
    _, api.keys["other"] = api.client.app.state.service.keys.create("other", ["jobs"])
    assert submit(api, ["coffee"], key="other", headers=again).json()["id"] != first.json()["id"]
    for bad in ("", "a b", "x" * 201):
        assert submit(api, ["tea"], headers={"Idempotency-Key": bad}).status_code == 400


def test_a_full_queue_turns_away_what_is_new_and_knows_what_it_has(make_api: Any) -> None:
    api = make_api(jobs={"at_once": 2})
    held(api)
    again = {"Idempotency-Key": "k"}
    first = submit(api, ["tea"], headers=again).json()
    assert submit(api, ["tea"]).status_code == 202
    refused = submit(api, ["tea"])
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert submit(api, ["tea"], headers=again).json()["id"] == first["id"]
    api.call("DELETE", f"/v1/predict/jobs/{first['id']}", key="jobs")
    assert submit(api, ["tea"]).status_code == 202


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'"a"\n' * 6, "application/x-ndjson", 413),
        (b"\n" * 6, "application/x-ndjson", 413),
        (b"", "application/x-ndjson", 422),
        (b'"' + b"x" * 3_000 + b'"', "application/x-ndjson", 413),
        (b'{"texts": []}', "application/json", 422),
        (b'{"texts": ["a"], "k": 0}', "application/json", 422),
        (b'{"texts": ["a", 1]}', "application/json", 422),
        (b'{"texts": ["a"], "user": "x"}', "application/json", 422),
        (b'["a"]', "application/json", 422),
        (b'"a"\n"b"\n', "application/json", 400),
        (b'{"texts": ["a","a","a","a","a","a"]}', "application/json", 413),
    ],
)
def test_a_body_that_is_no_job_is_refused_and_leaves_nothing(
    make_api: Any, body: bytes, kind: str, status: int
) -> None:
    api = make_api(jobs={"most_texts": 5, "body_limit": 2_000})
    answered = submit(api, content=body, headers={"Content-Type": kind})
    assert answered.status_code == status, answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    root = api.client.app.state.service.jobs.files.root
    assert not root.exists() or [path for path in root.iterdir() if path.is_dir()] == []


def test_what_is_no_estimator_or_no_job_is_404(make_api: Any) -> None:
    api = make_api()
    assert api.call("POST", "/v1/predict/nothing/jobs", key="jobs", json={"texts": ["a"]}).status_code == 404
    assert api.call("GET", f"/v1/predict/jobs/{'0' * 32}", key="jobs").status_code == 404
    for word in ("x", "..", "0" * 33, "A" * 32):
        assert api.call("GET", f"/v1/predict/jobs/{word}", key="jobs").status_code in (404, 422)


def test_results_that_are_not_there_yet_are_told_so(make_api: Any) -> None:
    api = make_api()
    held(api)
    made = submit(api, ["tea"]).json()
    answered = api.call("GET", f"/v1/predict/jobs/{made['id']}/result", key="jobs")
    assert answered.status_code == 409
    assert "queued" in answered.json()["detail"]
    assert int(answered.headers["retry-after"]) >= 1


def test_deleting_an_unfinished_job_cancels_it_and_deletes_its_texts_at_once(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    made = submit(api, ["a secret of somebody's"]).json()
    path = f"/v1/predict/jobs/{made['id']}"
    assert files(service) == {"texts.jsonl"}
    assert api.call("DELETE", path, key="jobs").status_code == 204
    assert files(service) == set()
    assert api.call("GET", path, key="jobs").json()["state"] == "cancelled"
    assert runner(service).run_next() is False
    assert api.call("DELETE", path, key="jobs").status_code == 204
    assert api.call("GET", path, key="jobs").status_code == 404


def test_deleting_a_done_job_forgets_it(make_api: Any) -> None:
    api = make_api()
    made = submit(api, ["tea"]).json()
    path = f"/v1/predict/jobs/{made['id']}"
    assert api.call("DELETE", path, key="jobs").status_code == 204
    assert files(api.client.app.state.service) == set()
    assert {api.call("GET", path + end, key="jobs").status_code for end in ("", "/result")} == {404}


class Failing:
    """Estimators that do `act` when they are asked for the `at`-th time."""

    def __init__(self, inner: Any, at: int, act: Any) -> None:
        self._inner, self._at, self._act, self.asked = inner, at, act, 0

    def answers(self, name: str, texts: list[str], k: int, still: Any) -> Any:
        self.asked += 1
        if self.asked == self._at:
            self._act()
        return self._inner.answers(name, texts, k, still)


def with_failing(service: Any, at: int, act: Any) -> Any:
    desk = service.jobs.keeping.workers.runner.desk
    return Runner(type(desk)(desk.store, desk.files, Failing(desk.estimators, at, act), desk.metrics, desk.audit))


def killed() -> None:
    raise SystemExit  # ends the runner as a kill would: nothing after it is written


def put_off(service: Any, seconds: float) -> None:
    with service.store.writing() as connection:
        connection.execute(jobs.jobs.update().values(lease_until=time.time() - seconds))


def test_a_job_whose_runner_was_killed_goes_on_after_its_last_chunk_and_comes_out_the_same(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    texts = ["x" * (1 + number % 50) for number in range(3 * CHUNK + 7)]
    made = submit(api, texts).json()
    with pytest.raises(SystemExit):
        with_failing(service, 3, killed).run_next()
    shown = api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").json()
    assert (shown["state"], shown["done"]) == ("running", 2 * CHUNK)
    assert shown["seconds_left"] >= 0
    with service.jobs.files.results(made["id"]).open("ab") as half:
        half.write(b'{"line": 129, "predic')  # what a killed process had not finished
    assert runner(service).run_next() is False, "the lease holds"
    put_off(service, 1)
    counting = with_failing(service, 0, None)
    assert counting.run_next() is True
    assert counting.desk.estimators.asked == 2, "what was answered is not answered again"
    assert [one["prediction"]["labels"][0]["label"] for one in lines(api, made)] == [str(len(text)) for text in texts]


def test_a_runner_that_is_to_end_gives_its_job_back_at_once(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    made = submit(api, ["tea"] * (2 * CHUNK)).json()
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert runner(service, stop=stop).run_next() is True
    shown = api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").json()
    assert (shown["state"], shown["done"]) == ("queued", CHUNK)
    assert runner(service).run_next() is True
    assert len(lines(api, made)) == 2 * CHUNK


def test_two_runners_never_work_on_one_job(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    submit(api, ["tea"])
    second: list[bool] = []
    with_failing(service, 1, lambda: second.append(runner(service).run_next())).run_next()
    assert second == [False]


def test_a_runner_that_lost_its_job_writes_nothing_more(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    made = submit(api, ["tea"] * (2 * CHUNK)).json()

    def overtaken() -> None:
        put_off(service, 1)
        assert runner(service).run_next() is True

    slow = with_failing(service, 2, overtaken)
    assert slow.run_next() is True
    shown = api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").json()
    assert (shown["state"], shown["done"]) == ("done", 2 * CHUNK)
    assert [one["line"] for one in lines(api, made)] == list(range(1, 2 * CHUNK + 1))


def test_a_job_that_ends_its_process_again_and_again_is_given_up(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    made = submit(api, ["tea"]).json()
    for _ in range(3):
        with pytest.raises(SystemExit):
            with_failing(service, 1, killed).run_next()
        put_off(service, 1)
    assert runner(service).run_next() is True
    shown = api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").json()
    assert shown["state"] == "failed"
    assert "ended 3 times" in shown["reason"]
    assert files(service) == set()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a secret text")])
def test_a_job_that_cannot_go_on_says_why_and_never_with_a_text(make_api: Any, error: Exception) -> None:
    api = make_api()
    service = held(api)
    made = submit(api, ["tea"]).json()

    def fail() -> None:
        raise error

    assert with_failing(service, 1, fail).run_next() is True
    shown = api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").json()
    assert shown["state"] == "failed"
    assert ("No space left" in shown["reason"]) is isinstance(error, OSError)
    assert "secret" not in json.dumps(shown)
    assert api.call("GET", f"/v1/predict/jobs/{made['id']}/result", key="jobs").status_code == 409


def test_results_expire_with_the_job(make_api: Any) -> None:
    api = make_api(jobs={"keep_hours": 1})
    service = api.client.app.state.service
    made = submit(api, ["tea"]).json()
    service.jobs.keeping.tidy()
    assert len(lines(api, made)) == 1
    with service.store.writing() as connection:
        connection.execute(jobs.jobs.update().values(finished=time.time() - 3601))
    assert api.call("GET", f"/v1/predict/jobs/{made['id']}", key="jobs").status_code == 404
    service.jobs.keeping.tidy()
    assert files(service) == set()
    with service.store.reading() as connection:
        assert jobs.counts(connection) == {}


def test_only_the_services_own_user_may_read_texts_and_every_act_is_on_the_audit_file(make_api: Any) -> None:
    api = make_api()
    service = held(api)
    made = submit(api, ["a secret text"]).json()
    texts = service.jobs.files.texts(made["id"])
    assert [stat.S_IMODE(path.stat().st_mode) for path in (texts, texts.parent, texts.parent.parent)] == [
        0o600, 0o700, 0o700,
    ]  # fmt: skip
    runner(service).run_next()
    api.call("DELETE", f"/v1/predict/jobs/{made['id']}", key="jobs")
    written = service.jobs.audit.path.read_text()
    acts = [json.loads(line) for line in written.splitlines()]
    assert [one["act"] for one in acts] == ["job submitted", "job done", "job deleted"]
    assert {one["job"] for one in acts} == {made["id"]}
    assert "secret" not in written


def test_the_lease_is_longer_than_the_time_between_two_signs_of_life() -> None:
    from tradewind.service.jobs.run import BEAT_SECONDS

    assert LEASE_SECONDS >= 3 * BEAT_SECONDS
