"""The requests that the gateway writes, against the XML schema of each API version.

REQUESTS names the folder with them: a folder per version, as the fast tests write them with WRITE_REQUESTS.
"""

import os
import pathlib

import pytest
from contract import SOAP, VERSIONS, header_schema, namespace, schema
from lxml import etree

REQUESTS = os.environ.get("REQUESTS")


def documents(version):
    return sorted((pathlib.Path(REQUESTS) / (version or "none")).glob("*.xml"))


@pytest.mark.skipif(not REQUESTS, reason="REQUESTS isn't set")
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version or "none")
def test_every_request_is_valid_in_its_version(version):
    found = documents(version)
    assert len(found) > 40, f"only {len(found)} requests"
    bodies, headers = schema(version), header_schema()
    for path in found:
        envelope = etree.parse(path).getroot()
        (body,) = envelope.find(f"{{{SOAP}}}Body")
        (header,) = envelope.find(f"{{{SOAP}}}Header")
        assert etree.QName(body).namespace == namespace(version), path
        for rules, element in ((bodies, body), (headers, header)):
            assert rules.validate(element), f"{path}: {rules.error_log}"


def test_a_schema_refuses_what_its_version_lacks():
    text = '<getActiveJobsParam xmlns="{}"><includeWaitingJobs>true</includeWaitingJobs></getActiveJobsParam>'
    for version, valid in (("2013-02-15", False), ("2014-04-03", False), ("2016-01-14-beta", True)):
        document = etree.fromstring(text.format(namespace(version)))
        assert schema(version).validate(document) is valid, version
