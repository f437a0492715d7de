"""The examples of docs/api.md run against a desk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.store.schema import open_store
from detente.store.tokens import add_token
from webs_api import Served, serving
from webs_desk import sample_store

DOCS = (Path(__file__).parents[1] / "docs" / "api.md").read_text("utf-8")
EXAMPLES = [(kind, text) for kind, text in re.findall(r"```(sh|python)\n(.*?)```", DOCS, re.DOTALL) if "export DESK" not in text]
SECONDS = 60


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("docs")
    path = sample_store(folder / "store.db")
    store = open_store(path)
    token = add_token(store, "examples", "review", by="test")
    store.close()
    served: Served
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETENTE_CACHE", str(folder / "cache"))
        with serving(path) as served:
            yield {**os.environ, "DESK": served.address, "TOKEN": token}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_each_example_of_the_docs_runs(environment: dict[str, str], tmp_path: Path, number: int) -> None:
    kind, text = EXAMPLES[number]
    command = [sys.executable, "-c", text] if kind == "python" else ["bash", "-eu", "-c", text.replace("curl ", "curl --fail-with-body ")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_call_is_named_in_the_docs() -> None:
    from detente.web.api_routes import CALLS

    lacking = [call.path for call in CALLS if "/" + call.path.split("/")[1] not in DOCS]
    assert lacking == []
    assert len(EXAMPLES) >= 8
