"""The XML schemas of the job operations in one API version, made from the facts in tests/fast/schema/schema.json.

A version of which the whole schema is not known has only what it is known to have.
"""

import json
import pathlib

from lxml import etree

FACTS = json.loads((pathlib.Path(__file__).parents[2] / "fast/schema/schema.json").read_text())
SOAP = FACTS["soapNamespace"]
COMMON = FACTS["commonNamespace"]
VERSIONS = [version["version"] for version in FACTS["versions"]]
XSD = "http://www.w3.org/2001/XMLSchema"


def date(version):
    """A release has what its beta had."""
    return version[:10]


def namespace(version):
    return FACTS["versionNamespacePrefix"] + version if version else COMMON


def has(version, fact):
    """Whether a version is known to have a field or an operation."""
    return date(fact.get("since", "")) <= date(version) and ("until" not in fact or date(version) <= date(fact["until"]))


def capital(name):
    return name[0].upper() + name[1:]


def operations(version):
    return [operation for operation in FACTS["operations"] if has(version, operation)]


def fields_of(version, type_name):
    fields = list({**FACTS["formerTypes"], **FACTS["types"]}[type_name])
    for former in FACTS["former"].get(type_name, []):
        place = next((index + 1 for index, field in enumerate(fields) if field["name"] == former["after"]), 0)
        fields.insert(place, former)
    return [field for field in fields if has(version, field)]


def element(field):
    kind = field["type"] if field["type"].startswith("xsd:") else "types:" + field["type"]
    occurs = (' minOccurs="0"' if field.get("optional") else "") + (' maxOccurs="unbounded"' if field.get("repeated") else "")
    return f'<xsd:element name="{field["name"]}" type="{kind}"{occurs}/>'


def sequence(fields):
    return "<xsd:complexType><xsd:sequence>" + "".join(map(element, fields)) + "</xsd:sequence></xsd:complexType>"


def schema(version):
    """The schema of the requests and answers of a version."""
    roots = {capital(operation[root]): operation[root] for operation in operations(version) for root in ("request", "response")}
    types, left = {}, list(roots)
    while left:
        name = left.pop()
        if name not in types and not name.startswith("xsd:"):
            types[name] = fields_of(version, name)
            left += [field["type"] for field in types[name]]
    target = namespace(version)
    parts = [f'<xsd:schema xmlns:xsd="{XSD}" xmlns:types="{target}" targetNamespace="{target}" elementFormDefault="qualified">']
    for name, fields in types.items():
        if name in roots:
            parts.append(f'<xsd:element name="{roots[name]}">{sequence(fields)}</xsd:element>')
        else:
            parts.append(sequence(fields).replace("<xsd:complexType>", f'<xsd:complexType name="{name}">', 1))
    parts.append("</xsd:schema>")
    return etree.XMLSchema(etree.fromstring("".join(parts)))


def header_schema():
    """The schema of the authHeader as a good client sends it: named, and in the order that suits both of its forms."""
    fields = [field for field in FACTS["authHeader"] if field["name"] != "samlResponse"]
    text = (f'<xsd:schema xmlns:xsd="{XSD}" targetNamespace="{COMMON}" elementFormDefault="qualified">'
            f'<xsd:element name="authHeader">{sequence(fields)}</xsd:element></xsd:schema>')
    return etree.XMLSchema(etree.fromstring(text))
