# SPDX-License-Identifier: MIT
"""Inputs are held against a schema as another implementation of JSON Schema 2020-12 does: schemas and values by chance."""

import json
import random

import pytest
from jsonschema import Draft202012Validator
from support.org import integration

TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
NAMES = ["a", "b", "c", "d"]
NUMBERS = [-4, -1, 0, 1, 2, 3, 7, 0.5, 1.0, 1.5, -0.0, 1e2, 2.50]
TEXTS = ["", "a", "ab", "é", "\U0001f525\U0001f525", "1", "foo", "a\nb"]
PATTERNS = ["^a", "b$", "^.$", "^[a-f]+$", "\\d", "^..$"]
VALUES = 10  # a schema; their problems together are fewer than are listed


class Chance(random.Random):
    def value(self, depth=0):
        kind = self.randrange(8 if depth < 3 else 5)
        if kind == 0:
            return self.choice([None, True, False])
        if kind in (1, 2):
            return self.choice(NUMBERS)
        if kind in (3, 4):
            return self.choice(TEXTS)
        if kind == 5:
            return [self.value(depth + 1) for _ in range(self.randrange(4))]
        return {name: self.value(depth + 1) for name in self.sample(NAMES, self.randrange(4))}

    def keyword(self, name, depth):
        if name == "type":
            return self.choice([self.choice(TYPES), self.sample(TYPES, self.randrange(1, 4))])
        if name == "properties":
            return {name: self.schema(depth + 1) for name in self.sample(NAMES, self.randrange(1, 4))}
        if name in ("additionalProperties", "items"):
            return self.schema(depth + 1)
        if name == "required":
            return self.sample(NAMES, self.randrange(3))
        if name == "enum":
            return [self.value(1) for _ in range(self.randrange(1, 6))]
        if name == "const":
            return self.value(1)
        if name == "pattern":
            return self.choice(PATTERNS)
        if name == "multipleOf":
            return self.choice([1, 2, 3, 0.5, 1.5])
        return self.choice([0, 1, 2, 2.0, 3] if name.startswith(("min", "max")) and name[3].isupper() else [-2, 0, 0.5, 1.0, 2])

    def schema(self, depth=0):
        if self.random() < 0.08:
            return self.random() < 0.5
        names = ["type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
                 "maxLength", "pattern", "minItems", "maxItems", "required"]  # fmt: skip
        if depth < 3:
            names += ["properties", "properties", "additionalProperties", "items"]
        schema = {name: self.keyword(name, depth) for name in sorted(set(self.sample(names, self.randrange(5))))}
        if schema.get("additionalProperties") is False:  # what can never be given is refused when it is saved
            schema["required"] = [name for name in schema.get("required", []) if name in schema.get("properties", {})]
        return schema


@pytest.mark.parametrize("seed", range(120))
def test_another_implementation_refuses_the_same_values(bellhop, tmp_path, seed):
    chance = Chance(seed)
    schema = chance.schema()
    values = [chance.value() for _ in range(VALUES)]
    inputs = {"required": ["x"], "properties": {"x": {"type": "array", "items": schema}}}
    act = {"method": "POST", "path": "/", "body": {"x": "{{x}}"}, "inputs": inputs}
    (tmp_path / "definition").write_text(json.dumps(integration("https://api.acme.com", act=act)))
    words = ["tickets/act", "--file", str(tmp_path / "definition"), "--inputs", json.dumps({"x": values}), "--json"]
    result = bellhop("render", *words)
    theirs = [place for place, value in enumerate(values) if not Draft202012Validator(schema).is_valid(value)]
    if result.code == 0:
        assert theirs == [] and json.loads(result.json["body"])["x"] == values
        return
    details = result.json["error"]["details"]
    assert len(details) < 64
    assert sorted({int(detail["path"].split("/")[2]) for detail in details}) == theirs, (schema, values)
