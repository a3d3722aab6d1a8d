"""Where a run is learned when not in the process that asks for it: in several on this machine, or on a cluster."""

from __future__ import annotations

from tradewind.telemetry import Progress
from tradewind.training.job import Job, Outcome


def learn_elsewhere(job: Job, progress: Progress) -> Outcome:
    """Returns what `job` left where its plan says. Raises the error that ended one of the processes."""
    if job.plan.resources.cluster == "ray":
        from tradewind.training.cluster.ray_train import learn_on_ray

        return learn_on_ray(job, progress)
    from tradewind.training.processes import spread

    return spread(job, progress)
