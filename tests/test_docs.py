"""The documents say what the code does: commands, settings, fields and rule keys are all there, links lead somewhere, and the examples run."""

from __future__ import annotations

import argparse
import csv
import datetime
import doctest
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from detente import __version__
from detente.arguments.coding import FORMATS
from detente.cli import make_parser
from detente.codebook import check_rules, check_tables, check_words
from detente.codebook.load import RULE_KEYS, Codebook
from detente.pipeline import STEPS
from detente.reading.record import KEYS
from detente.records import Event
from detente.settings import SETTINGS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAX_README_LINES = 150
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_RULE_ID = re.compile(r"`((?:[a-z-]+\.[a-z0-9-]+[>+])?[a-z]+\.[a-z0-9-]+)`")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return [body for name, body in _BLOCK.findall(path.read_text("utf-8")) if name == language]


def outside_blocks(path: Path) -> str:
    return _BLOCK.sub("", path.read_text("utf-8"))


def all_blocks(language: str) -> list[Any]:
    return [pytest.param(body, id=f"{path.relative_to(ROOT)}-{n}") for path in DOCUMENTS for n, body in enumerate(blocks(path, language))]


# -- the command line -----------------------------------------------------------------------------------------------------
def commands(parser: argparse.ArgumentParser, name: str = "detente") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parser -> each command with its own parser; a group of commands is one itself only if it runs without one of them."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below or parser.get_default("run"):
        yield name, parser
    for action in below:
        for word, inner in action.choices.items():
            yield from commands(inner, f"{name} {word}")


def section(name: str) -> str:
    """The part of docs/cli.md about one command."""
    found = re.search(rf"^## `{re.escape(name)}(?: [^`]*)?`\n(.*?)(?=^## |\Z)", read("docs/cli.md"), re.DOTALL | re.MULTILINE)
    assert found, f"docs/cli.md has no section '## `{name} ...`'"
    return found[0]


COMMANDS = dict(commands(make_parser()))


def option_strings(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings} - {"-h", "--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented_in_its_section(name: str) -> None:
    shown = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section(name)))
    assert option_strings(COMMANDS[name]) <= shown


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_no_option_that_its_command_lacks(name: str) -> None:
    table = "\n".join(line.split("|")[1] for line in section(name).splitlines() if line.startswith("| `-"))
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", table)) <= option_strings(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_are_named_as_the_help_names_them(name: str) -> None:
    heading = section(name).splitlines()[0]
    for action in COMMANDS[name]._actions:
        if not action.option_strings and not isinstance(action, argparse._SubParsersAction):
            assert str(action.metavar) in heading


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_the_help_stands_in_the_section(name: str) -> None:
    examples = [line.strip() for line in (COMMANDS[name].epilog or "").splitlines()[1:]]
    assert examples
    assert not [e for e in examples if e not in section(name)]


def test_no_section_is_about_a_command_that_is_gone() -> None:
    headings = re.findall(r"^## `(detente[^`]*)`", read("docs/cli.md"), re.MULTILINE)
    assert {" ".join(w for w in h.split() if w.islower() and not w.startswith("[")) for h in headings} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_shell_examples_are_accepted_by_the_parser(name: str) -> None:
    import shlex

    for line in "\n".join(blocks_of(section(name), "sh")).splitlines():
        for part in line.split(" | "):
            words = shlex.split(part)
            if words[:1] == ["detente"]:
                assert make_parser().parse_args(words[1:]).run


def blocks_of(text: str, language: str) -> list[str]:
    return [body for name, body in _BLOCK.findall(text) if name == language]


@pytest.mark.parametrize("form", FORMATS)
def test_every_output_format_is_documented(form: str) -> None:
    assert f"`{form}`" in section("detente code")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_every_setting_is_documented_with_its_unit_and_default(setting: Any) -> None:
    flag = f"`{setting.flag}`" if setting.has_flag else "none"
    rows = [line for line in read("docs/cli.md").splitlines() if line.startswith(f"| {flag} | `{setting.variable}` | {setting.unit} |")]
    assert len(rows) == 1
    if isinstance(setting.default, int):
        assert f"| {setting.default:,} |" in rows[0]


def test_every_field_of_an_event_is_documented() -> None:
    rows = [line.split("|")[1] for line in section("detente code").splitlines() if line.startswith("| `")]
    shown = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    assert set(Event.__struct_fields__) <= shown


def test_every_name_that_an_input_field_may_have_is_documented() -> None:
    text = section("detente code")
    assert not [key for keys in KEYS.values() for key in keys if f"`{key}`" not in text]


def test_every_reason_for_a_skip_is_documented() -> None:
    sources = [*(ROOT / "src/detente/reading").glob("*.py"), ROOT / "src/detente/running.py", ROOT / "src/detente/watching.py"]
    reasons = {r for path in sources for r in re.findall(r"(?:Skipped|Refused)\([^\"]*\"([a-z-]+)\"", path.read_text("utf-8"))}
    assert len(reasons) > 10
    assert not [r for r in reasons if f"`{r}`" not in section("detente code")]


# -- the codebook ---------------------------------------------------------------------------------------------------------
def test_every_rule_key_is_documented() -> None:
    keys = set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in read("docs/codebook.md").splitlines() if line.startswith("| `"))))
    assert keys >= RULE_KEYS
    assert keys >= check_rules.CONDITION_KEYS | check_words.COMPOSITION_KEYS | check_words.GRAMMAR_KEYS


def test_every_table_of_the_codebook_is_documented_with_its_columns() -> None:
    tables = {**check_tables.TABLES, "actors/people_*.csv": check_tables.PEOPLE_COLUMNS}
    for table, columns in tables.items():
        [row] = [line for line in read("docs/codebook.md").splitlines() if line.startswith(f"| `{Path(table).name}`")]
        assert not [c for c in columns if f"`{c}`" not in row], table


def test_every_kind_of_the_tables_is_documented() -> None:
    text = read("docs/codebook.md")
    assert not [kind for kind in check_tables.ROLE_KINDS | check_tables.ORGANISATION_KINDS | check_tables.PLACE_KINDS | check_rules.ROLE_CLASSES if f"`{kind}`" not in text]


def test_every_file_of_the_codebook_is_documented() -> None:
    folder = ROOT / "src/detente/codebook/data"
    names = [p.name + ("/" if p.is_dir() else "") for p in folder.iterdir() if not p.name.startswith((".", "_"))]
    assert not [name for name in names if f"`{name}" not in read("docs/codebook.md")]


def test_entries_of_compose_yaml_are_documented(codebook: Codebook) -> None:
    assert not [name for name in codebook.compositions if f"`{name}`" not in read("docs/codebook.md")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_rules_that_a_document_names_exist(path: Path, codebook: Codebook) -> None:
    kinds = {kind.lower() for kind in codebook.types} | {"compose"}
    named = {part for found in _RULE_ID.findall(outside_blocks(path)) for part in re.split(r"[>+]", found) if part.split(".")[0] in kinds}
    missing = {n for n in named if n not in codebook.rules and n.removeprefix("compose.") not in codebook.compositions}
    assert not [name for name in missing if not name.endswith((".yaml", ".csv"))]


# -- architecture and glossary ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md"])
def test_the_flow_has_every_step_of_the_pipeline_in_its_order(name: str) -> None:
    steps = [step for step, *_ in STEPS]
    rows = [line.split("|")[1].strip() for line in read(name).splitlines() if line.startswith("| ")]
    places = [rows.index(step) for step in steps]
    assert places == sorted(places)


def test_every_module_is_in_the_architecture() -> None:
    text = read("docs/architecture.md")
    source = ROOT / "src/detente"
    modules = [p for p in [*source.glob("*.py"), *(source / "coding").glob("*.py"), *(source / "codebook").glob("*.py")] if not p.name.startswith("__")]
    assert not [str(p.relative_to(source)) for p in modules if not re.search(rf"`(?:\w+/)?{re.escape(p.name)}`", text)]


def test_every_reason_for_a_refusal_is_documented() -> None:
    reasons = {r for p in (ROOT / "src/detente/coding").glob("*.py") for r in re.findall(r"\brefuse\(search, \"([a-z-]+)\"", p.read_text("utf-8"))}
    assert len(reasons) >= 5
    assert not [r for r in reasons if f"`{r}`" not in read("docs/architecture.md")]


def test_the_glossary_has_each_word_once() -> None:
    words = re.findall(r"^\| \*\*([^*]+)\*\* \|", read("docs/glossary.md"), re.MULTILINE)
    assert len(words) > 40
    assert sorted(words) == sorted(set(words))


def test_decisions_are_numbered_without_gaps_and_have_their_three_parts() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(p.name[:4]) for p in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences")), path.name


# -- all documents --------------------------------------------------------------------------------------------------------
def test_the_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) < MAX_README_LINES


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in _LINK.findall(outside_blocks(path)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        goal = (path.parent / name).resolve() if name else path
        if not goal.exists() or (anchor and anchor not in anchors(goal.read_text("utf-8"))):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("body", all_blocks("python"))
def test_python_examples_run(body: str) -> None:
    if "DESK" in body:
        pytest.skip("it asks a desk: tests/test_api_docs.py runs it against one")
    if ">>>" not in body:
        exec(compile(body, "example", "exec"), {})
        return
    report = io.StringIO()
    example = doctest.DocTestParser().get_doctest(body, {}, "example", None, 0)
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=report.write)
    assert result.attempted and not result.failed, report.getvalue()


@pytest.mark.parametrize("body", all_blocks("json"))
def test_json_examples_are_json(body: str) -> None:
    assert json.loads(body)


@pytest.mark.parametrize("body", all_blocks("yaml"))
def test_yaml_examples_are_yaml(body: str) -> None:
    assert yaml.safe_load(body)


@pytest.mark.parametrize("body", all_blocks("csv"))
def test_tables_in_examples_have_all_cells_in_each_row(body: str) -> None:
    assert len({len(row) for row in csv.reader(io.StringIO(body))}) == 1


# -- the sentence of the README ---------------------------------------------------------------------------------------------
def readme_sentence() -> tuple[str, str]:
    text = read("README.md")
    sentence = re.search(r"^> (.+)$", text, re.MULTILINE)
    day = re.search(r"--date (\d{4}-\d{2}-\d{2}) --format table", text)
    assert sentence and day
    return sentence[1], day[1]


def test_the_row_in_the_readme_is_what_comes_out() -> None:
    import detente
    from detente.show import table_header, table_lines

    sentence, day = readme_sentence()
    report = detente.code(sentence, published_on=day)
    lines = [table_header(), *table_lines(report.events)]
    shown = blocks(ROOT / "README.md", "text")[0].splitlines()
    assert [line.split() for line in shown] == [line.split() for line in lines]


def test_the_record_in_the_readme_is_what_comes_out() -> None:
    import msgspec

    import detente

    sentence, day = readme_sentence()
    [event] = msgspec.to_builtins(detente.code(sentence, published_on=datetime.date.fromisoformat(day)).events)
    shown = json.loads(blocks(ROOT / "README.md", "json")[0])
    assert_part_of(shown, event, "event")


def assert_part_of(shown: Any, whole: Any, where: str) -> None:
    """Every key that is shown has the value that came out; fields may be left out."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            assert_part_of(value, whole[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert len(shown) == len(whole), where
        for n, (a, b) in enumerate(zip(shown, whole, strict=True)):
            assert_part_of(a, b, f"{where}[{n}]")
    else:
        assert shown == whole, where


# -- version ----------------------------------------------------------------------------------------------------------------
def test_version_is_the_same_everywhere() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    assert str(citation["version"]) == __version__
    assert f"## [{__version__}]" in read("CHANGELOG.md")


def test_the_citation_has_what_the_format_requires() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["license"] == "Apache-2.0"
