"""An independent SOAP client against the sandbox: zeep, over the WSDL that the sandbox serves.

SANDBOX_URL names the WSDL: http://127.0.0.1:<port>/scene7/services/IpsApiService?wsdl. zeep validates every answer strictly: a missing
required element, a wrong order or an unknown element fails the call. The body of every request and answer is also validated against the
served schema by libxml2.
"""

import datetime
import os
import time
import urllib.request
from urllib.parse import urljoin, urlsplit, urlunsplit

import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault

COMPANY = "c|110"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
COMMON = "{http://www.scene7.com/IpsApi/xsd}"
WSDL = os.environ.get("SANDBOX_URL")

if not WSDL:
    pytest.exit("SANDBOX_URL isn't set: start a sandbox and name its WSDL", returncode=2)


def login(email="katlyn@example.com", password="sandbox-katlyn"):
    return {"user": email, "password": password, "appName": "zeep", "appVersion": zeep.__version__}


class SchemaValidation(zeep.Plugin):
    """Validates every request and response body against the served schemas; faults have their own."""

    def __init__(self):
        self.schemas = []
        for name in ("ips-jobs-2022-11-01-beta.xsd", "ips-common.xsd"):
            url = urljoin(WSDL, f"/scene7/webservice/{name}")
            self.schemas.append(etree.XMLSchema(etree.parse(urllib.request.urlopen(url, timeout=10))))

    def check(self, envelope):
        (content,) = envelope.find(f"{SOAP}Body")
        if content.tag == f"{SOAP}Fault":
            (detail,) = content.find("detail")
            self.schemas[1].assertValid(detail)
        else:
            self.schemas[0].assertValid(content)

    def ingress(self, envelope, http_headers, operation):
        self.check(envelope)
        return envelope, http_headers

    def egress(self, envelope, http_headers, operation, binding_options):
        self.check(envelope)
        return envelope, http_headers


@pytest.fixture(scope="session")
def client():
    return zeep.Client(WSDL, settings=zeep.Settings(strict=True), plugins=[SchemaValidation()])


@pytest.fixture
def call(client):
    def call(operation, *, auth=None, **parameters):
        header = {"authHeader": login() if auth is None else auth}
        return client.service[operation](_soapheaders=header, **parameters)

    return call


def advance(seconds):
    """Advances the sandbox's clock."""
    parts = urlsplit(WSDL)
    url = urlunsplit((parts.scheme, parts.netloc, "/sandbox/clock/advance", f"seconds={seconds}", ""))
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).read()


def items(array):
    """The items of an array wrapper; None from zeep for an empty one."""
    return [] if array is None else array["items"] if not isinstance(array, list) else array


def unique(name):
    return f"{name}-{time.time_ns()}"


PUBLISH = {"publishType": "Full", "emailSetting": "None"}


def submit(call, name, **rest):
    return call("submitJob", companyHandle=COMPANY, jobName=name, imageServingPublishJob=PUBLISH, **rest)


def active(call, name):
    found = call("getActiveJobs", companyHandle=COMPANY, originalName=name, includeWaitingJobs=True)
    return items(found)


def scheduled(call, name):
    found = call("getScheduledJobs", companyHandle=COMPANY, originalName=name)
    return items(found)


def log(call, name):
    found = call("getJobLogDetails", companyHandle=COMPANY, originalName=name)
    return items(found)


def test_the_wsdl_offers_every_operation_at_its_own_address(client):
    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    assert len(port.binding._operations) == 17
    assert port.binding_options["address"] == WSDL.split("?")[0]


def test_a_job_is_submitted_runs_and_is_logged(call):
    name = unique("zeep")
    assert submit(call, name, description="by zeep & co") == f"j|110|{name}||"
    (job,) = active(call, name)
    assert (job["state"], job["originalName"], job["description"]) == ("New", name, "by zeep & co")
    assert job["imageServingPublishJob"]["publishType"] == "Full"
    assert isinstance(job["triggerTime"], datetime.datetime) and job["triggerTime"].utcoffset() == datetime.timedelta(hours=-6)
    assert job["progress"] == 0 and isinstance(job["totalSize"], int)
    # It waits for the publish of the seeded jobs that runs: publishes of a company run one after another.
    for _ in range(200):
        advance(2)
        (job,) = active(call, name)
        tasks = items(job["taskProgressArray"])
        if tasks and tasks[0]["progress"] == 1.0:
            break
    assert job["state"] == "Running" and len(tasks) == 3
    assert isinstance(tasks[0]["progress"], float) and tasks[0]["taskState"] == "Done" and tasks[2]["numPending"] > 0
    advance(180)
    assert active(call, name) == []
    (entry,) = log(call, name)
    details = items(entry["detailArray"])
    assert entry["fatalError"] is False and entry["totalFileCount"] > 0
    assert entry["detailTotalRows"] == len(details) == entry["totalFileCount"] + 2
    assert entry["endDate"] > entry["startDate"] and details[0]["logType"] == "BeginImageServingPublish"


def test_every_seeded_job_of_every_list_is_valid(call):
    assert len(items(call("getActiveJobs", companyHandle=COMPANY, includeWaitingJobs=True))) > 0
    kinds = {job["type"] for job in items(call("getScheduledJobs", companyHandle=COMPANY))}
    assert {"Cleanup", "ImageServingPublish"} <= kinds
    logs = items(call("getJobLogs", companyHandle=COMPANY, sortBy="StartDate", sortDirection="Ascending"))
    assert [entry["startDate"] for entry in logs] == sorted(entry["startDate"] for entry in logs)
    detailed = items(call("getJobLogDetails", companyHandle=COMPANY))
    assert any(items(detail["auxArray"]) for entry in detailed for detail in items(entry["detailArray"]))


def test_a_schedule_is_paused_resumed_executed_and_deleted(call):
    name = unique("cron")
    submit(call, name, execSchedule="0 0 3 * * ?")
    (job,) = scheduled(call, name)
    assert job["triggerState"] == "Normal" and job["nextFireTime"].hour == 3
    target = {"companyHandle": COMPANY, "jobHandle": job["jobHandle"]}
    call("pauseJob", **target)
    assert scheduled(call, name)[0]["triggerState"] == "Paused"
    call("resumeJob", **target)
    assert scheduled(call, name)[0]["triggerState"] == "Normal"
    call("executeJob", **target)
    assert len(active(call, name)) == 1
    call("deleteJob", **target)
    assert scheduled(call, name) == []


def test_a_running_job_is_stopped(call):
    name = unique("stop")
    # Not a publish: that may wait for another one.
    call("submitJob", companyHandle=COMPANY, jobName=name, optimizeImagesJob={"emailSetting": "None"})
    advance(10)
    (job,) = active(call, name)
    call("stopJob", companyHandle=COMPANY, jobHandle=job["jobHandle"])
    assert active(call, name)[0]["state"] == "Stopping"
    advance(6)
    (entry,) = log(call, name)
    assert "FileCancel" in {detail["logType"] for detail in items(entry["detailArray"])}


def test_an_asset_has_recent_and_archived_logs(call):
    target = {"companyHandle": COMPANY, "assetHandle": "a|11000"}
    upload = {"urlArray": {"items": [{"sourceUrl": "https://x.example.com/trail_boot_brown.tif", "destPath": "in/"}]},
              "overwrite": True, "readyForPublish": True, "createMask": False, "emailSetting": "None"}
    call("submitJob", companyHandle=COMPANY, jobName=unique("asset"), uploadUrlsJob=upload)
    advance(180)
    assert any(entry["logType"] == "FileUpdated" for entry in items(call("getAssetJobLogs", **target)))
    archived = items(call("getAssetArchivedJobLogs", **target))
    assert archived
    (entry,) = items(call("getArchivedJobLogDetails", companyHandle=COMPANY, jobHandle=archived[0]["jobHandle"]))
    assert entry["jobName"] == archived[0]["jobName"] and items(entry["detailArray"])


def test_companies_and_logins(call):
    company = call("getCompanyInfo", companyName="Example Outfitters")
    assert company["companyHandle"] == COMPANY and company["expires"].year == 2099
    agency = login("agency@example.com", "sandbox-agency")
    memberships = items(call("getCompanyMembership", auth=agency))
    assert [one["company"]["companyHandle"] for one in memberships] == ["c|110", "c|47"]
    assert all(one["isActive"] is True for one in memberships)
    assert call("checkLogin", email="henrik@example.com", password="sandbox-henrik") == "ValidLogin"
    assert call("checkLogin", email="henrik@example.com", password="wrong") == "InvalidLogin"
    assert call("getUserInfo", auth=agency)["email"] == "agency@example.com"


@pytest.mark.parametrize(
    ("auth", "name", "code"),
    [
        ({"appName": "zeep", "appVersion": "1"}, "authenticationFault", 10000),
        (login(password="wrong"), "authenticationFault", 10001),
        (login(email="henrik@example.com", password="sandbox-henrik"), "authorizationFault", 20006),
    ],
)
def test_a_fault_has_a_name_a_code_and_a_reason(call, auth, name, code):
    with pytest.raises(Fault) as raised:
        call("getActiveJobs", auth=auth, companyHandle=COMPANY)
    (detail,) = raised.value.detail
    assert raised.value.message == name and detail.tag == COMMON + name
    assert int(detail.findtext(COMMON + "code")) == code
    assert detail.findtext(COMMON + "reason")


def test_an_invalid_parameter_is_an_ips_api_fault(call):
    with pytest.raises(Fault) as raised:
        submit(call, unique("bad"), execSchedule="whenever")
    assert raised.value.detail[0].findtext(COMMON + "code") == "30001"
    assert "whenever" in raised.value.detail[0].findtext(COMMON + "reason")
