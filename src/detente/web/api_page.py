"""The page of the API: its calls, parameters and records, out of the OpenAPI record, so that both say the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from detente.web.api_openapi import TAGS
from detente.web.asked import Asked
from detente.web.routing import Page


class Shape(msgspec.Struct, frozen=True):
    """A kind of value in words; ``to``: the record that it is made of, if it is of one."""

    said: str
    to: str = ""


class FieldShown(msgspec.Struct, frozen=True):
    """A parameter or a field."""

    name: str
    shape: Shape
    means: str
    is_needed: bool = False
    notes: tuple[str, ...] = ()


class CallShown(msgspec.Struct, frozen=True, kw_only=True):
    """A call: what to send, what comes, and a line to try."""

    name: str
    method: str
    path: str
    title: str
    means: str
    parameters: tuple[FieldShown, ...]
    takes: Shape | None
    gives: Shape
    status: str
    formats: tuple[str, ...]
    refuses: tuple[str, ...]
    curl: str


class Section(msgspec.Struct, frozen=True):
    """The calls of one kind."""

    name: str
    means: str
    calls: tuple[CallShown, ...]


class RecordShown(msgspec.Struct, frozen=True):
    """A record: what it is, and its fields."""

    name: str
    means: str
    fields: tuple[FieldShown, ...]


class ApiRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The page: ``about`` in paragraphs."""

    about: tuple[str, ...]
    sections: tuple[Section, ...]
    refusals: dict[str, str]
    records: tuple[RecordShown, ...]


def read_api(asked: Asked) -> ApiRecord:
    """Nothing -> the API in words."""
    del asked
    from detente.web.api_routes import make_record

    record = make_record()
    calls: dict[str, list[CallShown]] = {name: [] for name in TAGS}
    for path, operations in record["paths"].items():
        for method, operation in operations.items():
            calls[operation["tags"][0]].append(_show_call(path, method.upper(), operation))
    schemas: Mapping[str, Any] = record["components"]["schemas"]
    return ApiRecord(
        about=tuple(line for line in record["info"]["description"].split("\n") if line),
        sections=tuple(Section(name, TAGS[name], tuple(found)) for name, found in calls.items() if found),
        refusals={status: answer["description"] for status, answer in record["components"]["responses"].items()},
        records=tuple(RecordShown(name, schema.get("description", ""), tuple(_fields_of(schema))) for name, schema in schemas.items() if "properties" in schema),
    )


def _show_call(path: str, method: str, operation: Mapping[str, Any]) -> CallShown:
    status = next(status for status in operation["responses"] if status.startswith("2"))
    content = operation["responses"][status]["content"]
    taken = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return CallShown(
        name=operation["operationId"],
        method=method,
        path=path,
        title=operation["summary"],
        means=operation["description"],
        parameters=tuple(_show_parameter(parameter) for parameter in operation["parameters"]),
        takes=_shape(taken["schema"]) if taken else None,
        gives=_shape(content.get("application/json", {}).get("schema", {"type": "text/event-stream"})),
        status=status,
        formats=tuple(content),
        refuses=tuple(status for status in operation["responses"] if status[0] in "45"),
        curl=_curl(path, method, operation, taken),
    )


def _show_parameter(parameter: Mapping[str, Any]) -> FieldShown:
    schema = parameter["schema"]
    inner = schema.get("items", schema)
    notes = [f"one of {', '.join(inner['enum'])}"] if "enum" in inner else []
    if parameter.get("example") is not None:
        notes.append(f"for example {parameter['example'][0] if isinstance(parameter['example'], list) else parameter['example']}")
    if "minimum" in inner and inner["type"] == "integer":
        notes.append(f"{inner['minimum']:,} to {inner['maximum']:,}")
    if "default" in inner:
        notes.append(f"{inner['default']} if not given")
    if schema["type"] == "array":
        notes.append("may be repeated")
    return FieldShown(parameter["name"], _shape(inner), parameter["description"], parameter.get("required", False), tuple(notes))


def _fields_of(schema: Mapping[str, Any]) -> Iterator[FieldShown]:
    for name, shape in schema["properties"].items():
        yield FieldShown(name, _shape(shape), shape.get("description", ""))


def _shape(schema: Mapping[str, Any]) -> Shape:
    """A JSON schema -> in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Shape(name, name)
    if "anyOf" in schema:
        shapes = [_shape(one) for one in schema["anyOf"]]
        known = [shape for shape in shapes if shape.said != "null"]
        said = " or ".join(shape.said for shape in known) + (" or null" if len(known) < len(shapes) else "")
        return Shape(said, next((shape.to for shape in known if shape.to), ""))
    if "enum" in schema:
        return Shape("switch" if schema["enum"] == ["0", "1"] else "word")
    kind = schema.get("type", "any")
    if kind == "array":
        inner = _shape(schema.get("items") or {})
        return Shape("two numbers" if "prefixItems" in schema else f"list of {inner.said}", inner.to)
    if kind == "object":
        inner = _shape(schema.get("additionalProperties") or {}) if isinstance(schema.get("additionalProperties"), dict) else Shape("any")
        return Shape(f"object of {inner.said}", inner.to)
    plain = {"string": {"date": "day", "date-time": "moment"}.get(schema.get("format", ""), "text"), "integer": "whole number", "boolean": "true or false"}
    return Shape(plain.get(kind, kind))


def _curl(path: str, method: str, operation: Mapping[str, Any], taken: Mapping[str, Any] | None) -> str:
    address = path
    query = []
    for parameter in operation["parameters"]:
        example = parameter.get("example")
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", str(example or parameter["name"].upper()))
        elif example and (parameter.get("required") or parameter["name"] == "at"):
            query.append(f"{parameter['name']}={example}")
    to = f"$DESK{address}" + (f"?{'&'.join(query)}" if query else "")
    body = f" --json '{json.dumps(taken['example'], ensure_ascii=False)}'" if taken and "example" in taken else ""
    return f"curl{' -N' if path.endswith('/stream') else ''}{body} '{to}'".replace("'$DESK", '"$DESK').removesuffix("'") + '"'


PAGES = (Page("/api", read_api, "api.html", "API", nav="api"),)
