"""Events of the store -> lines for a terminal and rows for CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detente.records import Actor
from detente.show import fit, name_actors, narrow

if TYPE_CHECKING:
    from detente.store.importing import Outcome
    from detente.store.query import Page
    from detente.store.reading_out import Barred

COLUMNS = (("id", 8), ("date", 10), ("source", 24), ("type", 24), ("target", 24), ("place", 14), ("toll", 9), ("reports", 10), ("origin", 8))
CSV_COLUMNS = (
    *("event_id", "origin", "date_start", "date_end", "date_precision", "event_type", "modes", "contexts", "quad", "intensity", "cameo", "goldstein"),
    *("source_names", "source_countries", "source_sectors", "target_names", "target_countries", "target_sectors"),
    *("place_name", "place_country", "place_latitude", "place_longitude", "place_precision", "modality", "historical", "dead", "injured", "confidence"),
    *("mentions", "reports", "sources", "copies", "first_report", "latest_report", "revision", "rung", "review"),
)

REVIEW_WORDS = {"withdrawn": "withdrawn by its origin", **{state: f"{state} by a reviewer" for state in ("accepted", "corrected", "rejected")}}


def added_line(name: str, *, new: int, copies: int, known: int, founded: int, joined: int) -> str:
    """What a run of ``add`` did -> one line."""
    parts = [f"{_count(new, 'report')} added" + (f", {copies} of them near copies of others" if copies else "")]
    parts += [f"{known} there already"] if known else []
    return f"{name}: {'; '.join(parts)}; {_count(founded + joined, 'mention')}: {_count(founded, 'new event')}, {joined} joined to events that were there"


def imported_line(name: str, outcome: Outcome, seen: Mapping[str, int]) -> str:
    """What a run of ``import`` did -> one line."""
    rows = seen.get("rows", 0) + seen.get("refused", 0) + seen.get("withdrawn", 0)
    parts = [f"{name}: {_count(seen.get('event', 0), 'event')} of {_count(rows, 'row')} read, {outcome.new:,} of them new"]
    told = (
        (outcome.joined, "known with further rows"),
        (outcome.revised, "a later version of a known one"),
        (outcome.known, "known"),
        (seen.get("repeats", 0), "repeats folded"),
        (seen.get("mirrored", 0), "mirror rows folded"),
    )
    parts += [f"{number:,} {words}" for number, words in told if number]
    if untyped := seen.get("untyped", 0):
        parts.append(f"{_count(untyped, 'statement')} that PLOVER does not count left out")
    if withdrawn := seen.get("withdrawn", 0):
        parts.append(f"{_count(withdrawn, 'withdrawal')} read")
    if outcome.withdrawn:
        parts.append(f"{_count(outcome.withdrawn, 'event')} withdrawn")
    if refused := seen.get("refused", 0):
        parts.append(f"{_count(refused, 'row')} refused")
    return "; ".join(parts)


def barred_line(barred: Sequence[Barred]) -> str:
    """Origins whose licence bars passing their rows on -> one line that says so and what can be done."""
    found = ", ".join(f"{_count(b.events, 'event')} of {b.origin} (licence: {b.licence or 'not known'})" for b in barred)
    return f"export: found {found}, which may not be passed on; expected none; choose another origin with --origin, or take it on yourself with --with-barred; nothing was written"


def exported_line(said: str, written: int, name: str, path: str | None) -> str:
    """What a run of ``export`` did -> one line."""
    return f"{said}: {_count(written, 'event')} written as {name}" + (f" to {path}" if path else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def page_line(page: Page) -> str:
    """A page -> what it shows, in English, and how much of it."""
    from detente.store.filters import COUNTED

    total = f"{page.total:,}" if page.total < COUNTED else f"{COUNTED:,} or more"
    if not page.events:
        return f"{page.said}: {'none' if not page.total else f'none on this page; there are {total}'}."
    return f"{page.said}: {page.first:,} to {page.first + len(page.events) - 1:,} of {total}."


def page_lines(page: Page, width: int | None = None) -> Iterator[str]:
    """A page -> the sentence, and a table that fits ``width`` columns, if any are given, as far as it can."""
    columns = narrow(COLUMNS, width)
    yield page_line(page)
    if page.events:
        yield ""
        yield "  ".join(f"{name:<{width}}" for name, width in columns).rstrip()
    for event in page.events:
        cells = (
            event["event_id"][:8],
            date_cell(event["date"]),
            name_actors(_actors(event["source"]), "?"),
            type_cell(event),
            name_actors(_actors(event["target"])),
            event["place"]["name"] if event["place"] else "",
            toll_cell(event),
            reports_cell(event),
            event["origin"],
        )
        yield "  ".join(fit(cell, width) for cell, (_, width) in zip(cells, columns, strict=True)).rstrip()


def _actors(rows: Sequence[Mapping[str, Any]]) -> list[Actor]:
    return [Actor("", a["name"], a["country"], tuple(a["sectors"] or ()), a["entity"]) for a in rows]


def date_cell(date: Mapping[str, Any] | None) -> str:
    """A date -> as precise as it is known."""
    if date is None:
        return "no date"
    return str(date["start"])[: {"year": 4, "month": 7}.get(date["precision"], 10)]


def type_cell(event: Mapping[str, Any]) -> str:
    """An event -> its type and modes."""
    return f"{event['event_type']} {', '.join(event['modes'])}".strip()


def toll_cell(event: Mapping[str, Any]) -> str:
    """An event -> 3 dead/12 injured, as 3/12; a dash for what nobody says."""
    if event["dead"] is None and event["injured"] is None:
        return ""
    return "/".join("-" if event[name] is None else str(event[name]) for name in ("dead", "injured"))


def reports_cell(event: Mapping[str, Any]) -> str:
    """An event -> its independent reports and their publishers, as 5 of 4, and copies."""
    return f"{event['reports']} of {event['sources']}" + (f" +{event['copies']}" if event["copies"] else "")


def csv_row(event: Mapping[str, Any]) -> list[Any]:
    """An event -> its cells in the order of ``CSV_COLUMNS``; several values have ``|`` between them, sectors of one actor ``+``."""
    flat: dict[str, Any] = {**event, "modes": "|".join(event["modes"]), "contexts": "|".join(event["contexts"])}
    for role in ("source", "target"):
        actors = event[role]
        flat[f"{role}_names"] = "|".join(a["entity"] or a["name"] for a in actors)
        flat[f"{role}_countries"] = "|".join(a["country"] or "" for a in actors)
        flat[f"{role}_sectors"] = "|".join("+".join(a["sectors"] or ()) for a in actors)
    flat |= {f"date_{name}": event["date"][name] if event["date"] else None for name in ("start", "end", "precision")}
    flat |= {f"place_{name}": event["place"][name] if event["place"] else None for name in ("name", "country", "latitude", "longitude", "precision")}
    return ["" if flat[name] is None else flat[name] for name in CSV_COLUMNS]


def event_lines(event: Mapping[str, Any]) -> Iterator[str]:
    """One event with all that is known of it -> lines."""
    yield f"{event['event_id']}  {date_cell(event['date'])}  {name_actors(_actors(event['source']), '?')}: {type_cell(event)} > {name_actors(_actors(event['target']))}"
    place = event["place"]
    yield from (line for line in (f"at {place['name']}" + (f" ({place['country']})" if place["country"] else "") if place else "",) if line)
    toll = [f"{event[name]} {name}" for name in ("dead", "injured") if event[name] is not None]
    yield from (line for line in (", ".join(toll),) if line)
    codes = [
        f"quad {event['quad']}",
        f"rung {event['rung']}",
        f"CAMEO {event['cameo']}",
        f"intensity {event['intensity']}",
        event["modality"],
        "background" if event["historical"] else "",
    ]
    yield (
        ", ".join(code for code in codes if code)
        + f"; confidence {event['confidence']}; coded by {event['origin']}"
        + (f"; {REVIEW_WORDS[event['review']]}" if event["review"] else "")
    )
    seen = f"{event['first_report'] or 'no date'} to {event['latest_report'] or 'no date'}"
    yield f"{_count(event['reports'], 'independent report')} of {_count(event['sources'], 'publisher')}, {_count(event['copies'], 'near copy').replace('copys', 'copies')}; {seen}"
    if withdrawal := event["withdrawal"]:
        yield f"taken back by {event['origin']}: {withdrawal['location']}:{withdrawal['row']}" + ("" if event["review"] == "withdrawn" else "; it stands all the same")
    if event["differing"]:
        yield "\nWhere reports differ"
        for field, values in event["differing"].items():
            for told in values:
                yield f"  {field}: {told['value']}: {_who(told)}"
    yield "\nEvidence"
    for mention in event["evidence"]:
        yield from _mention_lines(mention)
    if event["history"]:
        yield "\nHistory"
        for change in event["history"]:
            yield f"  revision {change['revision']}: {change['field']}: {say_value(change['before'])} -> {say_value(change['after'])}, because of {change['because_of'][:8]}"


def _who(told: Mapping[str, Any]) -> str:
    reports = ", ".join(" ".join(str(r[k]) for k in ("publisher", "doc_id", "published_on") if r[k]) for r in told["reports"])
    return reports + (f", citing {', '.join(told['said_by'])}" if told["said_by"] else "")


def _mention_lines(mention: Mapping[str, Any]) -> Iterator[str]:
    about = [mention["mention_id"][:8], mention["published_on"], mention["publisher"], mention["doc_id"] or mention["origin"], mention["title"]]
    yield "  " + "  ".join(str(part) for part in about if part) + (f"  (near copy of {mention['copy_of']})" if mention["copy_of"] else "")
    where = mention["location"] + (f":{mention['row']}" if mention["row"] is not None else "")
    yield f"    {where}, {mention['codebook']}, recorded {mention['recorded_at']}"
    for part in mention["record"]["evidence"]:
        yield f"    {part['rule']}: {' '.join(part['text'].split())}"


def say_value(value: Any) -> str:
    """A value of the history -> as a person reads it."""
    if isinstance(value, list):
        return ", ".join(say_value(v) for v in value) or "-"
    if isinstance(value, dict):
        return str(value.get("entity") or value.get("name")) + (f" ({'+'.join(value['sectors'])})" if value.get("sectors") else "")
    return "-" if value is None else str(value)
