"""The OpenAPI record: made of the calls and of the types of what they give and take, with a description of each field."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from detente import __version__
from detente.web.api_call import FORMAT, IF_MATCH, MEDIA, PREFIX, Call, Parameter, find, schema_of
from detente.web.refusals import Problem

FIELDS = Path(__file__).parent / "api_fields.toml"
_REF = "#/components/schemas/{name}"
_NAMES = {"detente.analysis.situation.Cited": "CitedEvent", "detente.forecasting.drivers.Cited": "DriverEvent", "Change": "TieChange"}
"""Records whose names are taken, or say too little outside of their module."""
_ALWAYS = (400, 401, 403, 413, 414, 421, 429, 500, 503)
REFUSALS = {
    400: "A parameter or the body cannot be read.",
    401: "There is no token, or it is not live.",
    403: "The role of the token is not enough, the page is another's, or the rows may not be passed on.",
    404: "There is nothing of this name.",
    405: "The address does not take this method.",
    406: "None of the formats that are accepted is given.",
    409: "What was to be changed has changed meanwhile.",
    412: "The event is not as `If-Match` says.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is of another type.",
    421: "The host is not this one.",
    422: "The body has another shape.",
    429: "There were too many requests; `Retry-After` says when the next one may come.",
    500: "A fault of ours.",
    501: "A part of detente that this needs is not installed.",
    503: "It takes too long, or too many do the same; `Retry-After` says when to try again.",
}
TAGS = {
    "events": "Who did what to whom, when and where.",
    "documents": "The reports, and coding new ones.",
    "dyads": "Pairs of parties: where they stand, and how it went.",
    "alerts": "What stirs.",
    "review": "What reviewers decide.",
    "codebook": "The rules.",
    "actors": "The register of names.",
}
_ABOUT = """The desk's data: documents, events, dyads, situations, series, forecasts, alerts, and the decisions of reviewers.

A program on the same machine needs no token unless the desk asks for one; any other sends `Authorization: Bearer TOKEN`, as `detente token add` makes it. Roles: `read`, `code`, `review`, each with what those before it may.
Days are `YYYY-MM-DD`; `null` is not known. A refusal is always `{"error": {"code", "message", "where", "expected"}}`. A list has `next`, the address of the next page, or `null`; it is in the header `Link` too."""


def make_openapi(calls: Iterable[Call], further: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Calls, and paths that were written by hand -> the OpenAPI record, version 3.1."""
    listed = [call._replace(gives=find(call.gives)) if isinstance(call.gives, str) else call for call in calls]
    types = list(dict.fromkeys([Problem, *(kind for call in listed for kind in (call.gives, call.takes) if kind is not None)]))
    schemas, components = _rename(*msgspec.json.schema_components(types, ref_template=_REF))
    by_type = dict(zip(types, schemas, strict=True))
    taken = {schema["$ref"].rpartition("/")[2] for call in listed if call.takes is not None for schema in [by_type[call.takes]]}
    paths: dict[str, dict[str, Any]] = {}
    for call in listed:
        paths.setdefault(PREFIX + call.path.replace(":path}", "}"), {})[call.method.lower()] = _operation(call, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "detente", "version": __version__, "description": _ABOUT},
        "tags": [{"name": name, "description": means} for name, means in TAGS.items()],
        "security": [{}, {"token": []}],
        "paths": {**paths, **(further or {})},
        "components": {
            "schemas": {name: _describe(name, schema, is_given=name not in taken) for name, schema in sorted(components.items())},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "As `detente token add` makes it."}},
            "responses": {str(status): {"description": means, "content": {MEDIA["json"]: {"schema": by_type[Problem]}}} for status, means in REFUSALS.items()},
        },
    }


def _rename(schemas: Any, components: Any) -> Any:
    """Schemas and components -> the same with the names of ``_NAMES``."""
    text = msgspec.json.encode((schemas, components)).decode()
    for old, new in _NAMES.items():
        text = text.replace(f'"{_REF.format(name=old)}"', f'"{_REF.format(name=new)}"').replace(f'"{old}":', f'"{new}":')
    return msgspec.json.decode(text)


def _operation(call: Call, by_type: Mapping[Any, Any]) -> dict[str, Any]:
    statuses = [*_ALWAYS, 501]
    if any(parameter.in_path for parameter in call.parameters):
        statuses.append(404)
    statuses += [406, *call.refuses, *([412] if call.is_conditional else [])]
    content: dict[str, Any] = {MEDIA["json"]: {"schema": by_type[call.gives]}}
    for form in call.formats[1:]:
        content[MEDIA[form]] = {"schema": {"type": "string"} | ({"format": "binary"} if form == "parquet" else {})}
    headers = {"ETag": {"description": "The state of the answer: sent back as `If-None-Match`, it saves the answer.", "schema": {"type": "string"}}}
    if any(parameter.name == "cursor" for parameter in call.parameters):
        headers["Link"] = {"description": "The addresses of the pages beside this one.", "schema": {"type": "string"}}
    answers: dict[str, Any] = {str(call.status): {"description": call.title, "content": content} | ({"headers": headers} if call.method == "GET" else {})}
    parameters = [_parameter(parameter) for parameter in (*call.parameters, *([FORMAT] if len(call.formats) > 1 else []), *([IF_MATCH] if call.is_conditional else []))]
    made: dict[str, Any] = {"operationId": call.name, "summary": call.title, "description": f"{call.means} Role: `{call.role}`.", "tags": [call.tag], "parameters": parameters}
    if call.takes is not None:
        statuses += [409, 415, 422]
        media: dict[str, Any] = {"schema": by_type[call.takes]} | ({"example": dict(call.example)} if call.example else {})
        made["requestBody"] = {"required": True, "content": {MEDIA["json"]: media}}
    else:
        answers["304"] = {"description": "It is as it was when `If-None-Match` was given."}
    return made | {"responses": answers | {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "header" if parameter.in_header else "query",
        "description": parameter.means,
        "schema": schema_of(parameter),
    }
    if parameter.in_path or parameter.needed:
        made["required"] = True
    if parameter.example is not None:
        made["example"] = [parameter.example] if parameter.many else parameter.example
    return made


# -- fields ------------------------------------------------------------------------------------------------------------------
@functools.cache
def read_fields() -> dict[str, dict[str, str]]:
    """The descriptions of fields: by record, and under ``any`` those that mean the same in all."""
    return tomllib.loads(FIELDS.read_text("utf-8"))


def _describe(name: str, schema: dict[str, Any], *, is_given: bool) -> dict[str, Any]:
    """The schema of a record -> the same with its fields described. What we give has all its fields always, ``null`` where nothing is known."""
    fields, own = read_fields()["any"], read_fields().get(name, {})
    properties = {field: _with_means(shape, own.get(field) or fields.get(field)) for field, shape in schema.get("properties", {}).items()}
    made = {key: value for key, value in schema.items() if key != "title"} | ({"properties": properties} if properties else {})
    if "description" in made:
        made["description"] = " ".join(made["description"].split())
    return made | ({"required": list(properties)} if is_given and properties else {})


def _with_means(shape: dict[str, Any], means: str | None) -> dict[str, Any]:
    return shape if means is None else {**shape, "description": means}
