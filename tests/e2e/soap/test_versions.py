"""zeep runs all operations of several API versions against one sandbox, over the WSDL of each version.

The body of every request and answer is valid in the schema that contract.py makes of the facts about the version.
"""

import os
import time
import urllib.request
from urllib.parse import urljoin

import pytest
import zeep
from contract import SOAP, namespace, operations, schema
from lxml import etree

SERVICE = os.environ.get("SANDBOX_URL", "")
COMPANY = "c|110"
LOGIN = {"user": "katlyn@example.com", "password": "sandbox-katlyn"}


class ContractValidation(zeep.Plugin):
    """Validates the bodies of requests and answers against the contract of a version, and counts the operations."""

    def __init__(self, version):
        self.version, self.rules, self.answered = version, schema(version), set()

    def check(self, envelope):
        (content,) = envelope.find(f"{{{SOAP}}}Body")
        assert etree.QName(content).namespace == namespace(self.version), content.tag
        assert self.rules.validate(content), f"{etree.tostring(content, pretty_print=True).decode()}: {self.rules.error_log}"

    def ingress(self, envelope, http_headers, operation):
        self.check(envelope)
        self.answered.add(operation.name)
        return envelope, http_headers

    def egress(self, envelope, http_headers, operation, binding_options):
        self.check(envelope)
        return envelope, http_headers


def advance(seconds):
    url = urljoin(SERVICE, f"/sandbox/clock/advance?seconds={seconds}")
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).read()


def items(array):
    return [] if array is None else array["items"] if not isinstance(array, list) else array


@pytest.mark.parametrize("version", ["", "2013-02-15", "2014-04-03", "2022-11-01-beta"], ids=lambda version: version or "none")
def test_every_operation_of_a_version(version):
    rules = ContractValidation(version)
    wsdl = urljoin(SERVICE, f"/scene7/webservice/IpsApi{version and '-' + version}.wsdl")
    client = zeep.Client(wsdl, settings=zeep.Settings(strict=True), plugins=[rules])

    def call(operation, **parameters):
        return client.service[operation](_soapheaders={"authHeader": LOGIN}, **parameters)

    def run(name, **rest):
        publish = {"publishType": "Full", "emailSetting": "None"}
        return call("submitJob", companyHandle=COMPANY, jobName=name, imageServingPublishJob=publish, **rest)

    name = f"zeep-{version}-{time.time_ns()}"
    # Not a publish: that may wait for another one.
    urls = {"items": [{"sourceUrl": "https://x.example.com/trail_boot_brown.tif", "destPath": "in/"}]}
    upload = {"urlArray": urls, "overwrite": True, "readyForPublish": True, "createMask": False, "emailSetting": "None"}
    target = {"companyHandle": COMPANY, "jobHandle": call("submitJob", companyHandle=COMPANY, jobName=name, uploadUrlsJob=upload)}
    for _ in range(10):
        advance(2)
        active = items(call("getActiveJobs", companyHandle=COMPANY))
        if any(job["originalName"] == name for job in active):
            break
    assert any(job["originalName"] == name for job in active)
    call("stopJob", **target)
    advance(10)
    (log,) = items(call("getJobLogDetails", companyHandle=COMPANY, originalName=name))
    assert log["endDate"] and "FileCancel" in {entry["logType"] for entry in items(log["detailArray"])}
    assert items(call("getJobLogs", companyHandle=COMPANY))

    target = {"companyHandle": COMPANY, "jobHandle": run(name + "-schedule", execSchedule="0 0 3 * * ?")}
    assert len(items(call("getScheduledJobs", companyHandle=COMPANY))) > 1
    for operation in ("pauseJob", "resumeJob", "executeJob", "deleteJob"):
        call(operation, **target)

    call("getCompanyInfo", companyHandle=COMPANY)
    assert call("getCompanyMembership") is not None
    assert call("checkLogin", email=LOGIN["user"], password=LOGIN["password"]) == "ValidLogin"
    assert call("getUserInfo").email == LOGIN["user"]
    known = {operation["name"] for operation in operations(version)}
    if "getAssetJobLogs" in known:
        call("getAssetJobLogs", companyHandle=COMPANY, assetHandle="a|11000")
    if "getAssetArchivedJobLogs" in known:
        archived = items(call("getAssetArchivedJobLogs", companyHandle=COMPANY, assetHandle="a|11000"))
        call("getArchivedJobLogDetails", companyHandle=COMPANY, jobHandle=archived[0]["jobHandle"])
    assert rules.answered == known
