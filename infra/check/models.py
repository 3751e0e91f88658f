"""What AWS's own models of its APIs forbid, beyond what botocore looks at."""

import contextlib
import re


def invalid(value, shape, path):
    """What AWS's model forbids and botocore does not look at: enumerations, patterns and longest lengths."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return [each for key, part in value.items() if key in shape.members for each in invalid(part, shape.members[key], f"{path}.{key}")]
    if shape.type_name == "list" and isinstance(value, list):
        return [each for part in value for each in invalid(part, shape.member, path)]
    if shape.type_name != "string" or not isinstance(value, str):
        return []
    if shape.enum and value not in shape.enum:
        return [f"{path} is {value}, not one of {', '.join(shape.enum)}"]
    found = []
    with contextlib.suppress(re.error):  # some patterns are Java's
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(pattern, value, re.S):
            found.append(f"{path} is {value[:80]}, which does not match {pattern}")
    if len(value) > shape.metadata.get("max", len(value)):
        found.append(f"{path} has {len(value)} characters")
    return found
