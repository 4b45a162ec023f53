"""A client that openapi-python-client generated, against the demo."""

import base64
import os
import time
import uuid

from gateway_client import AuthenticatedClient
from gateway_client.api.jobs import get_job, list_jobs, stop_job, submit_job
from gateway_client.api.logs import get_job_log
from gateway_client.models import (
    CompletedJob,
    ImageServingPublishJob,
    Problem,
    SubmitImageServingPublishJob,
)

PATIENCE = 240


def client(user=os.environ["GATEWAY_USER"]):
    token = base64.b64encode(user.encode()).decode()
    return AuthenticatedClient(base_url=os.environ["GATEWAY_URL"], token=token, prefix="Basic")


def submit():
    details = ImageServingPublishJob(publish_type="Full", email_setting="None")
    body = SubmitImageServingPublishJob(job_name="python", image_serving_publish_job=details)
    answer = submit_job.sync_detailed(client=client(), body=body, idempotency_key=f'"{uuid.uuid4()}"')
    assert answer.status_code == 202, answer
    return answer.parsed


def test_lists_jobs():
    listed = list_jobs.sync(client=client(), limit=5)
    assert len(listed.jobs) > 1, listed
    assert all(job.phase.value == "active" and job.company_handle for job in listed.jobs)


def test_follows_a_job_to_its_outcome_and_gets_a_code_for_an_impossible_action():
    job = submit()
    deadline = time.monotonic() + PATIENCE
    while not isinstance(job, CompletedJob):
        assert time.monotonic() < deadline, job
        time.sleep(1)
        job = get_job.sync(job.id, client=client())
    assert job.outcome.value == "succeeded"
    assert len(get_job_log.sync(job.id, client=client(), per_page=2).entries) == 2
    refused = stop_job.sync_detailed(job.id, client=client())
    assert isinstance(refused.parsed, Problem), refused
    assert (refused.status_code, refused.parsed.code) == (409, "action-not-possible")


def test_stops_a_job():
    job = submit()
    deadline = time.monotonic() + PATIENCE
    while job.status.value != "running":
        assert job.status.value == "waiting" and time.monotonic() < deadline, job
        time.sleep(0.5)
        job = get_job.sync(job.id, client=client())
    stopped = stop_job.sync(job.id, client=client())
    assert stopped.status.value in ("stopping", "finalizing", "completed"), stopped


def test_wrong_credentials_are_a_problem_with_its_code():
    problem = list_jobs.sync(client=client("katlyn@example.com:wrong"))
    assert isinstance(problem, Problem) and problem.code == "credentials-rejected", problem
