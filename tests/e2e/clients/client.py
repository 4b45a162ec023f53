"""A Python client that openapi-generator generated, against the demo."""

import os
import time

import gateway
from gateway.models import (
    ActiveJob,
    CompletedJob,
    ImageServingPublishJob,
    Phase,
    ScheduledJob,
    SubmitImageServingPublishJob,
    SubmitJobParam,
)

PATIENCE = 240

username, password = os.environ["GATEWAY_USER"].split(":")
configuration = gateway.Configuration(host=os.environ["GATEWAY_URL"], username=username, password=password)
jobs = gateway.JobsApi(gateway.ApiClient(configuration))

listed = [type(job.actual_instance) for job in jobs.list_jobs(phase=[Phase.ACTIVE, Phase.SCHEDULED]).jobs]
assert set(listed) == {ActiveJob, ScheduledJob}, listed

publish = ImageServingPublishJob(publishType="Full", emailSetting="None")
body = SubmitJobParam(SubmitImageServingPublishJob(jobName="python", imageServingPublishJob=publish))
submitted = jobs.submit_job_with_http_info(body)
assert submitted.status_code == 202, submitted
job = submitted.data.actual_instance

deadline = time.monotonic() + PATIENCE
while not isinstance(job, CompletedJob):
    assert time.monotonic() < deadline, job
    time.sleep(1)
    job = jobs.get_job(job.id).actual_instance
assert job.outcome == "succeeded", job

try:
    jobs.stop_job(job.id)
    raise AssertionError("a completed job was stopped")
except gateway.ApiException as refused:
    assert (refused.status, refused.data.code) == (409, "action-not-possible"), refused
print("python: lists two phases, submits, follows, and reads a problem")
