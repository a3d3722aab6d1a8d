"""POST /v1/predict/{estimator}/jobs; GET and DELETE /v1/predict/jobs/{job_id}, GET /v1/predict/jobs/{job_id}/result."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response, StreamingResponse

from tradewind.service.access import Batching
from tradewind.service.answering import beside
from tradewind.service.context import context_of
from tradewind.service.jobs import showing
from tradewind.service.jobs.submission import submit
from tradewind.service.json_route import StrictRoute
from tradewind.service.parameters import described, query_of
from tradewind.service.schemas.jobs import LINES_SCHEMA, JobIn, JobOptions, JobStatus
from tradewind.service.schemas.predict import EstimatorName

router = APIRouter(route_class=StrictRoute, prefix="/v1/predict", tags=["predict"])
Name = Annotated[EstimatorName, Path()]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Options = Annotated[JobOptions, Depends(query_of(JobOptions))]

_REPEAT: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {"schema": JobIn.model_json_schema()},
        "application/x-ndjson": {"schema": LINES_SCHEMA},
    },
}
_ASKED: Final = {"parameters": [*described(JobOptions)["parameters"], _REPEAT], "requestBody": _BODY}
_NDJSON: Final[dict[str, Any]] = {"application/x-ndjson": {"schema": {"type": "string"}}}


@router.post("/{estimator}/jobs", status_code=202, response_model=JobStatus, openapi_extra=_ASKED)
async def create(request: Request, service: Batching, estimator: Name, options: Options) -> Response:
    """Takes many texts, to be answered when no search needs the processor.

    The body is JSON, or JSON Lines (`application/x-ndjson`) for more. Sending it again with the same Idempotency-Key
    is safe. The job is its API key's own.
    """
    job = await submit(request, service, estimator, options.k)
    headers = {"Location": showing.address(job)}
    return Response(showing.status(service, job).model_dump_json(), 202, headers, "application/json")


@router.get("/jobs/{job_id}", response_model=JobStatus)
async def show(request: Request, service: Batching, job_id: JobId) -> Response:
    """Shows how far a job is."""
    job = await beside(service, lambda: showing.find(service, job_id, _owner(request)))
    return Response(showing.status(service, job).model_dump_json(), media_type="application/json")


@router.get("/jobs/{job_id}/result", response_class=Response, responses={200: {"content": _NDJSON}})
async def result(request: Request, service: Batching, job_id: JobId) -> Response:
    """Hands out the answers of a job that is done, a JSON object a line, in the order of the texts.

    A line is `{"line", "prediction"}`, or `{"line", "error"}` for a text that could not be answered.
    """
    file = await beside(service, lambda: showing.results(service, job_id, _owner(request)))
    return StreamingResponse(showing.pieces(service, file), media_type="application/x-ndjson")


@router.delete("/jobs/{job_id}", status_code=204, response_class=Response)
async def delete(request: Request, service: Batching, job_id: JobId) -> Response:
    """Cancels a job that is unfinished, and deletes texts and results.

    A cancelled job can still be shown until it expires, or is deleted once more.
    """
    await beside(service, lambda: showing.remove(service, job_id, _owner(request)))
    return Response(status_code=204)


def _owner(request: Request) -> str:
    return context_of(request.scope).key_id
