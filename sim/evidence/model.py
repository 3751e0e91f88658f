"""Checks answers on the wire with AWS's own service models, which botocore has, and more strictly than botocore does."""

import datetime
import json
import re
import xml.etree.ElementTree as ElementTree

# Answers of AWS that its own model does not allow: (shape, pattern).
BESIDE_THE_MODEL = [
    # https://docs.aws.amazon.com/acm/latest/userguide/gs-acm-list.html shows `RSA-2048` where the model has `RSA_2048`.
    ("KeyAlgorithm", r"RSA-2048"),
    # By the model, the ARN of a private CA is one of ACM. By its documentation, and by
    # https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html, it is one of `acm-pca`.
    ("Arn", r"arn:aws:acm-pca:[a-z0-9-]+:\d{12}:certificate-authority/[0-9a-f-]+"),
]

# Errors that no operation's model has, by service, with their HTTP status. The sources are the pages "Common Errors" of each API
# reference, such as https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, and the links in the lines.
AWS_JSON = {
    "AccessDeniedException": 400,
    "InternalFailure": 500,
    "MissingAuthenticationTokenException": 400,
    "SerializationException": 400,  # https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
    "UnknownOperationException": 400,
    "UnrecognizedClientException": 400,
    "ValidationException": 400,
}
XML = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InternalFailure": 500,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "ServiceUnavailable": 503,
    "Throttling": 400,
}
COMMON = {
    "acm": AWS_JSON,
    "events": AWS_JSON,
    "organizations": AWS_JSON,
    # InvalidInput and MalformedInput: a body that the schema does not allow, in operations whose model does not have them, as in
    # https://github.com/stalwartlabs/dns-update/issues/44
    "route53": XML | {"InvalidInput": 400, "MalformedInput": 400, "NoSuchHealthCheck": 404, "UnknownOperationException": 404},
    "scheduler": {
        "AccessDeniedException": 403,
        "InternalFailure": 500,
        "MissingAuthenticationTokenException": 403,
        "SerializationException": 400,
        "ServiceUnavailable": 503,
        "ThrottlingException": 429,
        "UnrecognizedClientException": 403,
    },
    "sts": XML | {"InvalidAction": 400, "ValidationError": 400},
}
# Members that the model requires but AWS leaves out: a private zone has no name servers, as Terraform's provider handles:
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/route53/zone.go
LEFT_OUT = {("CreateHostedZone", "DelegationSet")}
# Lists that may be empty, against the model: a zone without tags has `<Tags/>`, as
# https://github.com/hashicorp/terraform/pull/1320 and external-dns rely on.
MAY_BE_EMPTY = {"TagList"}
CONTENT = {"json": "application/x-amz-json-1.1", "rest-json": "application/json", "rest-xml": "text/xml", "query": "text/xml"}
TYPES = {"string": str, "boolean": bool, "integer": int, "long": int, "timestamp": (int, float), "double": (int, float)}
TYPES |= {"structure": dict, "list": list, "map": dict, "float": (int, float)}
NUMBERS = ("integer", "long", "float", "double")


def faults(operation, status, headers, body):
    """The problems of an answer to this operation: a list of sentences, empty if there are none."""
    found = []
    service = operation.service_model
    protocol = service.resolved_protocol
    headers = {name.lower(): value for name, value in headers.items()}
    content = headers.get("content-type", "").split(";")[0]
    if body and content != CONTENT[protocol]:
        found.append(f"Content-Type is {content}, not {CONTENT[protocol]}")
    if not headers.get("x-amzn-requestid"):
        found.append("there is no x-amzn-RequestId")
    try:
        if status < 300:
            _success(found, service, operation, status, headers, body)
        else:
            _failure(found, service, operation, status, headers, body)
    except (ValueError, ElementTree.ParseError) as error:
        found.append(f"the body cannot be read: {error}")
    return found


def _success(found, service, operation, status, headers, body):
    expected = operation.http.get("responseCode", 200)
    if status != expected:
        found.append(f"HTTP {status} instead of {expected}")
    output = operation.output_shape
    protocol = service.resolved_protocol
    if output is None:
        if body not in (b"", b"{}"):
            found.append("there is a body, and the model has none")
        return
    in_body = {name: member for name, member in output.members.items() if "location" not in member.serialization}
    for name, member in output.members.items():
        if member.serialization.get("location") == "header":
            value = headers.get(member.serialization["name"].lower())
            if value is None and name in output.required_members:
                found.append(f"the header {member.serialization['name']} is missing")
            elif value is not None:
                _value(found, member, value, name)
    if protocol in ("json", "rest-json"):
        value = json.loads(body)
        required = [name for name in output.required_members if name in in_body]
        _structure(found, in_body, required, value, operation.name)
        return
    namespace = service.metadata.get("xmlNamespace")
    if protocol == "query":
        root = _root(found, body, f"{operation.name}Response", namespace)
        parts = [_plain(child.tag) for child in root]
        if parts != [output.serialization["resultWrapper"], "ResponseMetadata"]:
            found.append(f"{root.tag} holds {parts}")
            return
        if [_plain(child.tag) for child in root[1]] != ["RequestId"]:
            found.append("ResponseMetadata holds no RequestId")
        element = root[0]
    else:
        namespace = namespace or "https://route53.amazonaws.com/doc/2013-04-01/"
        element = _root(found, body, output.name, namespace)
    private = any(_plain(child.tag) == "VPC" for child in element)
    required = [name for name in output.required_members if name in in_body]
    required = [name for name in required if not (private and (operation.name, name) in LEFT_OUT)]
    _elements(found, in_body, required, element, operation.name)


def _failure(found, service, operation, status, headers, body):
    protocol = service.resolved_protocol
    modelled = {shape.metadata.get("error", {}).get("code", shape.name): shape for shape in operation.error_shapes}
    if protocol in ("json", "rest-json"):
        value = json.loads(body)
        if protocol == "json":
            code = value.pop("__type", None)
        else:
            code = headers.get("x-amzn-errortype")
        members = {"message": str} if protocol == "json" else {"Message": str}
        if code in modelled:
            shape = modelled[code]
            for name in shape.required_members:
                if name not in value:
                    found.append(f"{code} lacks {name}")
            members = dict.fromkeys(shape.members, str) or members
        found += [f"{code} has a member {name}" for name in value if name not in members]
        if not any(isinstance(value.get(name), str) and value[name] for name in members):
            found.append(f"{code} has no message")
    else:
        root = ElementTree.fromstring(body)
        namespace = service.metadata.get("xmlNamespace") or "https://route53.amazonaws.com/doc/2013-04-01/"
        root = _root(found, body, "ErrorResponse", namespace)
        parts = {_plain(child.tag): child for child in root}
        if list(parts) != ["Error", "RequestId"]:
            found.append(f"ErrorResponse holds {list(parts)}")
            return
        error = {_plain(child.tag): child.text for child in parts["Error"]}
        if list(error) != ["Type", "Code", "Message"] or not all(error.values()):
            found.append(f"Error holds {error}")
        if parts["RequestId"].text != headers.get("x-amzn-requestid"):
            found.append("RequestId is not the one of the header")
        if error.get("Type") != ("Sender" if status < 500 else "Receiver"):
            found.append(f"Type is {error.get('Type')} with HTTP {status}")
        code = error.get("Code")
    common = COMMON[service.signing_name]
    if code in modelled:
        # The model has the status if it is not 400.
        expected = modelled[code].metadata.get("error", {}).get("httpStatusCode", 400)
    elif code in common:
        expected = common[code]
    else:
        found.append(f"{operation.name} has no error {code}")
        return
    if status != expected:
        found.append(f"{code} comes with HTTP {status} instead of {expected}")


def _root(found, body, name, namespace):
    root = ElementTree.fromstring(body)
    if root.tag != f"{{{namespace}}}{name}":
        found.append(f"the root is {root.tag}, not {{{namespace}}}{name}")
    for element in root.iter():
        if not element.tag.startswith(f"{{{namespace}}}"):
            found.append(f"{element.tag} is not in the namespace {namespace}")
    return root


def _plain(tag):
    return tag.rsplit("}", 1)[-1]


def _structure(found, members, required, value, path):
    if not isinstance(value, dict):
        found.append(f"{path} is {value!r}, not an object")
        return
    known = {member.serialization.get("name", name): (name, member) for name, member in members.items()}
    found.extend(f"{path}.{name} is missing" for name in required if members[name].serialization.get("name", name) not in value)
    for name, content in value.items():
        if name not in known:
            found.append(f"{path}.{name}: the model has no such member")
        else:
            _value(found, known[name][1], content, f"{path}.{name}")


def _elements(found, members, required, element, path):
    known = {member.serialization.get("name", name): (name, member) for name, member in members.items()}
    names = [_plain(child.tag) for child in element]
    found.extend(f"{path}.{name} is missing" for name in required if members[name].serialization.get("name", name) not in names)
    for child in element:
        name = _plain(child.tag)
        if name not in known:
            found.append(f"{path}.{name}: the model has no such member")
        elif names.count(name) > 1:
            found.append(f"{path}.{name} is there {names.count(name)} times")
        else:
            _element(found, known[name][1], child, f"{path}.{name}")


def _element(found, shape, element, path):
    if shape.type_name == "structure":
        _elements(found, shape.members, shape.required_members, element, path)
    elif shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "member")
        for number, child in enumerate(element):
            if _plain(child.tag) != wanted:
                found.append(f"{path}: the model has {wanted}, not {_plain(child.tag)}")
            _element(found, shape.member, child, f"{path}[{number}]")
        _bounds(found, shape, len(element), path)
    elif len(element):
        found.append(f"{path} has elements inside")
    else:
        _text(found, shape, element.text or "", path)


def _text(found, shape, text, path):
    """A value that is text in XML and in headers."""
    kind = shape.type_name
    try:
        if kind in NUMBERS:
            _value(found, shape, int(text) if kind in ("integer", "long") else float(text), path)
        elif kind == "boolean" and text not in ("true", "false"):
            found.append(f"{path} is {text}, not true or false")
        elif kind == "timestamp":
            if not text.endswith("Z"):
                found.append(f"{path} is {text}, not a time in UTC")
            datetime.datetime.fromisoformat(text)
        elif kind == "string":
            _value(found, shape, text, path)
    except ValueError:
        found.append(f"{path} is {text!r}, not a {kind}")


def _value(found, shape, value, path):
    kind = shape.type_name
    if not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
        found.append(f"{path} is {value!r}, not a {kind}")
        return
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            found.append(f"{path} is a union with {len(value)} members")
        _structure(found, shape.members, shape.required_members, value, path)
    elif kind == "list":
        for number, item in enumerate(value):
            _value(found, shape.member, item, f"{path}[{number}]")
        _bounds(found, shape, len(value), path)
    elif kind == "map":
        for key, item in value.items():
            _value(found, shape.key, key, f"{path} (key)")
            _value(found, shape.value, item, f"{path}.{key}")
    elif kind == "string":
        if any(shape.name == name and re.fullmatch(pattern, value) for name, pattern in BESIDE_THE_MODEL):
            return
        if shape.enum and value not in shape.enum:
            found.append(f"{path} is {value}, which is not in {shape.name}")
        _bounds(found, shape, len(value), path)
        pattern = shape.metadata.get("pattern")
        if pattern and not _matches(pattern, value):
            found.append(f"{path} is {value}, which {pattern} does not match")
    elif kind in NUMBERS:
        _bounds(found, shape, value, path)


def _matches(pattern, value):
    # Java's classes of Unicode; the values here are ASCII.
    for java, python in {r"\p{L}": "A-Za-z", r"\p{Z}": r"\s", r"\p{N}": "0-9"}.items():
        pattern = pattern.replace(java, python)
    return re.fullmatch(pattern, value) is not None


def _bounds(found, shape, size, path):
    if size == 0 and shape.name in MAY_BE_EMPTY:
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        found.append(f"{path} has {size}, and {shape.name} is from {least} to {most}")
