#!/usr/bin/env python3
"""Writes the golden documents beside it with zeep, a SOAP library that shares no code with the gateway.

usage: write.py WSDL          (zeep from PyPI; the WSDL of the IPS job operations, API version 2022-11-01-beta)

Per operation: request.xml and answer.xml with every field of the contract, and the same values as request.json and
answer.json, where an array is plain and a number is a number.
"""
import json, pathlib, sys

from lxml import etree
import zeep

here = pathlib.Path(__file__).parent
schema = json.loads((here / "../../schema/schema.json").read_text())
client = zeep.Client(sys.argv[1])
common = schema["commonNamespace"]
soap = schema["soapNamespace"]
namespace = schema["versionNamespacePrefix"] + "2022-11-01-beta"

TEXTS = ["春の靴 👟", "Tom & Jerry <1> \"two\" 'three'", "j|110||spring_2026-03-30-14:32:08.834|51298", "Größe", "plain", "a > b ]] & c"]
DATES = ["2026-03-30T14:32:08.858-05:00", "2026-03-30T19:32:08Z", "2026-12-31T23:59:59.123456+09:30"]
LONGS = [5_000_000_000, 0, -1, 9_223_372_036_854_775_807]
INTS = [100, -1, 0, 2_147_483_647]
DOUBLES = [0.5, -1.25, 1.0, 1234567.125]
counter = 0

def pick(values):
    global counter
    counter += 1
    return values[counter % len(values)]

def scalar(kind):
    return {"xsd:string": lambda: pick(TEXTS), "xsd:dateTime": lambda: pick(DATES), "xsd:long": lambda: pick(LONGS),
            "xsd:int": lambda: pick(INTS), "xsd:double": lambda: pick(DOUBLES), "xsd:boolean": lambda: pick([True, False])}[kind]()

def value(kind):
    """A value of a type, as JSON has it."""
    if kind.startswith("xsd:"):
        return scalar(kind)
    fields = schema["types"][kind]
    if [f["name"] for f in fields] == ["items"]:
        item = fields[0]["type"]
        return [value(item) for _ in range(1 if len(schema["types"].get(item, [])) > 9 else 2)]
    return {f["name"]: value(f["type"]) for f in fields}

def soap_value(kind, json_value):
    """The same value, as zeep takes it."""
    if kind.startswith("xsd:"):
        return json_value
    fields = schema["types"][kind]
    if [f["name"] for f in fields] == ["items"]:
        return {"items": [soap_value(fields[0]["type"], item) for item in json_value]}
    return {f["name"]: soap_value(f["type"], json_value[f["name"]]) for f in fields}

def save(name, node, json_value):
    (here / f"{name}.xml").write_bytes(etree.tostring(node, xml_declaration=True, encoding="UTF-8", pretty_print=True))
    (here / f"{name}.json").write_text(json.dumps(json_value, ensure_ascii=False, indent=1) + "\n")

def upper(name):
    return name[0].upper() + name[1:]

header = client.get_element(f"{{{common}}}authHeader")(
    user="user@example.com", password="s3cret & more", locale="ja-JP", appName="golden", appVersion="1.0")

for operation in schema["operations"]:
    kind = upper(operation["request"])
    request = value(kind)
    save(f"{operation['name']}.request",
         client.create_message(client.service, operation["name"], _soapheaders=[header], **soap_value(kind, request)), request)

    kind = upper(operation["response"])
    answer = value(kind)
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap={"soapenv": soap})
    body = etree.SubElement(envelope, f"{{{soap}}}Body")
    element = client.get_element(f"{{{namespace}}}{operation['response']}")
    element.render(body, element(**soap_value(kind, answer)))
    save(f"{operation['name']}.answer", envelope, answer)

for name, code, reason in [("authenticationFault", 10001, "Invalid credentials"), ("authorizationFault", 20006, "会社 <unknown>"),
                           ("ipsApiFault", 30002, "Missing parameter: companyHandle")]:
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap={"soapenv": soap})
    fault = etree.SubElement(etree.SubElement(envelope, f"{{{soap}}}Body"), f"{{{soap}}}Fault")
    etree.SubElement(fault, "faultcode").text = "soapenv:Client"
    etree.SubElement(fault, "faultstring").text = name
    element = client.get_element(f"{{{common}}}{name}")
    element.render(etree.SubElement(fault, "detail"), element(code=code, reason=reason))
    save(name, envelope, {"code": code, "reason": reason})
