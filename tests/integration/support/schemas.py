# SPDX-License-Identifier: MIT
"""The schemas of include/bellhop/schemas, held against every message of the suite, in the words of the schema."""

import json
import math
import os
import re

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
FOLDER = os.path.join(TOP, "include", "bellhop", "schemas")
KINDS = ("definition", "job", "decision", "reply", "dead")


def _pattern(_, pattern, instance, __):
    """As ECMA-262 has it: a `$` at the end is the end of the text, not what stands before its last newline."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$(?=\)|$)", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator = validators.extend(Draft202012Validator, {"pattern": _pattern})


def load(kind):
    with open(os.path.join(FOLDER, f"{kind}.schema.json"), encoding="utf-8") as file:
        return json.load(file)


def _closed(schema):
    """What Bellhop writes may get new members, and its schemas let them pass; here one they do not describe is an error."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
    return schema


_validators = {kind: _Validator(_closed(load(kind)) if kind in ("reply", "dead") else load(kind)) for kind in KINDS}


def _members_once(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands there twice")
    return members


def _no_constant(word):
    raise ValueError(f"{word} is no number")


def _number(text):
    if not math.isfinite(float(text)):
        raise ValueError(f"{text} is beyond a double")
    return int(text) if re.fullmatch("-?[0-9]+", text) else float(text)


def read(text):
    """JSON as the contract has it, or a ValueError."""
    text = text.decode("utf-8") if isinstance(text, bytes) else text
    try:
        value = json.loads(
            text,
            object_pairs_hook=_members_once,
            parse_constant=_no_constant,
            parse_float=_number,
            parse_int=_number,
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is a ValueError too
    return value


def problem(kind, value):
    """What is wrong with `value`, a text or what was read from one; None where it is a good `kind`."""
    if isinstance(value, (str, bytes)):
        try:
            value = read(value)
        except ValueError as error:
            return f"no {kind}: not JSON: {error}"
    validator = _validators[kind]
    if validator.is_valid(value):
        return None
    error = best_match(validator.iter_errors(value))
    place = ".".join(str(part) for part in error.absolute_path)
    return f"no {kind}:{place and f' {place}:'} {error.message[:500]} ({kind}.schema.json)"


def check(kind, value):
    wrong = problem(kind, value)
    if wrong:
        text = value if isinstance(value, (str, bytes)) else json.dumps(value)
        raise AssertionError(f"{wrong}\n{text[:4000]}")
