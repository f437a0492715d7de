"""The API against its own record: each field and parameter is described, and what schemathesis makes of the record is answered as it says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

schemathesis = pytest.importorskip("schemathesis")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from detente.web import training  # noqa: E402
from detente.web.api_call import PREFIX  # noqa: E402
from detente.web.api_openapi import FIELDS  # noqa: E402
from detente.web.api_routes import CALLS, make_record  # noqa: E402
from webs_api import Served, serving  # noqa: E402
from webs_desk import sample_store  # noqa: E402

EXAMPLES = 8
"""Examples of each call: half of a minute in all."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    return make_record()


def test_each_field_is_described(record: dict[str, Any]) -> None:
    schemas = record["components"]["schemas"]
    lacking = [f"{name}.{field}" for name, schema in schemas.items() for field, shape in schema.get("properties", {}).items() if not shape.get("description")]
    assert lacking == []


def test_no_description_is_of_a_field_that_there_is_not(record: dict[str, Any]) -> None:
    schemas = record["components"]["schemas"]
    told = tomllib.loads(FIELDS.read_text("utf-8"))
    used = {field for schema in schemas.values() for field in schema.get("properties", {})}
    wrong = [f"{name}.{field}" for name, fields in told.items() for field in fields if field not in (used if name == "any" else schemas.get(name, {}).get("properties", {}))]
    assert wrong == []


def test_each_call_and_parameter_is_described(record: dict[str, Any]) -> None:
    for path, operations in record["paths"].items():
        for operation in operations.values():
            assert operation["summary"] and operation["description"].endswith("."), path
            assert all(parameter["description"] for parameter in operation["parameters"]), path


def test_names_of_calls_are_one_of_a_kind() -> None:
    names = [call.name for call in CALLS]
    assert len(names) == len(set(names))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETENTE_CACHE", str(folder / "cache"))
        patch.setattr(training, "_train", lambda queue, key, *_: queue.works.pop(key))  # hundreds of trainings would go on long after these tests
        with serving(sample_store(folder / "store.db")) as made:
            yield made


@pytest.fixture(scope="module")
def schema() -> Any:
    refused = [400, 401, 403, 404, 406, 409, 412, 413, 414, 415, 422]
    config = schemathesis.config.SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": refused}}})
    return schemathesis.openapi.from_dict(make_record(), config=config)


@pytest.mark.parametrize(("method", "path"), [(call.method, PREFIX + call.path.replace(":path}", "}")) for call in CALLS])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_each_call_answers_as_its_record_says(schema: Any, served: Served, method: str, path: str, mode: GenerationMode) -> None:
    operation = schema[path][method]

    @seed(11)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answer(case: Any) -> None:
        case.call_and_validate(base_url=served.address, checks=CHECKS)

    try:
        answer()
    except Unsatisfiable:  # a call without parameters has nothing that could be wrong
        assert mode is GenerationMode.NEGATIVE
