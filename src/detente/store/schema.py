"""The tables of the store, its ordered migrations, and the one way to open it: SQLite in WAL mode from a path, PostgreSQL from a URL."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from detente.codebook.ladder import rung_of
from detente.errors import StoreError
from detente.store.alert_tables import make_alert_tables
from detente.store.bulk import COMMON_CACHE_KB, add_version_columns, preparing
from detente.store.event_indexes import event_indexes, make_event_indexes
from detente.store.feed_tables import make_feed_tables
from detente.store.sqlite_file import check_file, foreign
from detente.store.web_tables import count_change, make_web_tables

metadata = sa.MetaData()
_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite counts rows by itself in a column of the type INTEGER only."""


def _id() -> sa.Column[int]:
    return sa.Column("id", _Key, primary_key=True)


migrations = sa.Table(
    "migrations", metadata, sa.Column("number", sa.Integer, primary_key=True, autoincrement=False), sa.Column("name", sa.Text, nullable=False), sa.Column("applied_at", sa.Text)
)
origins = sa.Table(
    "origins",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("licence", sa.Text),
    sa.Column("may_be_passed_on", sa.Boolean, nullable=False),
    comment="who coded, and what the licence allows",
)
provenance = sa.Table(
    "provenance",
    metadata,
    _id(),
    sa.Column("origin", sa.Text, sa.ForeignKey("origins.name"), nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("codebook", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.Text, nullable=False),
    sa.UniqueConstraint("origin", "location", "codebook"),
    comment="where rows come from: a file, a URL, a dataset",
)
documents = sa.Table(
    "documents",
    metadata,
    _id(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("doc_id", sa.Text, nullable=False, index=True),
    sa.Column("title", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("published_on", sa.Text, index=True),
    sa.Column("url", sa.Text),
    sa.Column("publisher", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("provenance_id", _Key, sa.ForeignKey("provenance.id"), nullable=False),
    sa.Column("row", sa.Integer),
    sa.Column("copy_of", _Key, sa.ForeignKey("documents.id"), index=True),
    sa.Column("similarity", sa.Float),
)
bands = sa.Table(
    "bands",
    metadata,
    sa.Column("hash", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("document_id", _Key, sa.ForeignKey("documents.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="locality-sensitive hashes of the texts that are no copies",
)
places = sa.Table(
    "places",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("country", sa.Text, nullable=False),
    sa.Column("precision", sa.Text, nullable=False),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("gazetteer_id", sa.Text),
    sa.UniqueConstraint("name", "country", "precision"),
)
actors = sa.Table(
    "actors",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("country", sa.Text, nullable=False, index=True),
    sa.Column("sectors", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.UniqueConstraint("name", "country", "sectors", "entity"),
    comment="as coded; what is not known is an empty text; sectors with + between and around them",
)
events = sa.Table(
    "events",
    metadata,
    _id(),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("modes", sa.Text, nullable=False),
    sa.Column("contexts", sa.Text, nullable=False),
    sa.Column("quad", sa.Integer, nullable=False),
    sa.Column("intensity", sa.Float),
    sa.Column("cameo", sa.Text),
    sa.Column("goldstein", sa.Float),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("date_start", sa.Text),
    sa.Column("date_end", sa.Text),
    sa.Column("date_precision", sa.Text),
    sa.Column("date_is_given", sa.Boolean, nullable=False),
    sa.Column("place_id", _Key, sa.ForeignKey("places.id"), index=True),
    sa.Column("modality", sa.Text, nullable=False),
    sa.Column("historical", sa.Boolean, nullable=False),
    sa.Column("dead", sa.Integer),
    sa.Column("injured", sa.Integer),
    sa.Column("toll_on", sa.Text),
    sa.Column("confidence", sa.Float),
    sa.Column("mentions", sa.Integer, nullable=False),
    sa.Column("reports", sa.Integer, nullable=False),
    sa.Column("copies", sa.Integer, nullable=False),
    sa.Column("sources", sa.Integer, nullable=False),
    sa.Column("first_report", sa.Text),
    sa.Column("latest_report", sa.Text),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("rung", sa.Integer),
    sa.Column("review", sa.Text, nullable=False, server_default=""),
    sa.Column("revised_at", sa.BigInteger),
    sa.Index("events_by_date", "date_start", "id"),
    sa.Index("events_by_volume", "date_start", "first_report", "review", "modality"),
    sa.Index("events_by_type", "event_type", "date_start", "id"),
    *event_indexes(),
    comment="one row per real event; source, target, modes, contexts as JSON",
)
mentions = sa.Table(
    "mentions",
    metadata,
    _id(),
    sa.Column("mention_id", sa.Text, nullable=False, unique=True),
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("match_score", sa.Float),
    sa.Column("document_id", _Key, sa.ForeignKey("documents.id"), index=True),
    sa.Column("provenance_id", _Key, sa.ForeignKey("provenance.id"), nullable=False),
    sa.Column("row", sa.Integer),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("origin_rows", sa.Text, nullable=False, server_default=""),
    sa.Index("mentions_by_event", "event_id", "position"),
    comment="one coded event of one document, whole in record; of an imported one it is empty while the event's row says the same, and origin_rows has what its own rows say beyond that",
)
participants = sa.Table(
    "participants",
    metadata,
    sa.Column("actor_id", _Key, sa.ForeignKey("actors.id"), primary_key=True, autoincrement=False),
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), primary_key=True, autoincrement=False),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Index("participants_by_event", "event_id"),
    sqlite_with_rowid=False,
)
dyads = sa.Table(
    "dyads",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("date_start", sa.Text, primary_key=True),
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), primary_key=True, autoincrement=False),
    sa.Index("dyads_by_event", "event_id"),
    sqlite_with_rowid=False,
    comment="each pair of parties of an event: country, else name; in the order in which a series is read",
)
match_keys = sa.Table(
    "match_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("period", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="what a new mention is looked up by: type family and parties, kind of period, its first day",
)
event_sources = sa.Table(
    "event_sources",
    metadata,
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), primary_key=True, autoincrement=False),
    sa.Column("publisher", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
    comment="publishers of independent reports; one that is not known is an empty text",
)
event_reports = sa.Table(
    "event_reports",
    metadata,
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), primary_key=True, autoincrement=False),
    sa.Column("document_id", _Key, sa.ForeignKey("documents.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="independent reports: originals, each once however many copies of it there are",
)
history = sa.Table(
    "history",
    metadata,
    _id(),
    sa.Column("event_id", _Key, sa.ForeignKey("events.id"), nullable=False, index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("mention_id", _Key, sa.ForeignKey("mentions.id"), nullable=False),
    comment="what each further mention changed in its event; values as JSON",
)
claims = sa.Table(
    "claims",
    metadata,
    _id(),
    sa.Column("document_id", _Key, sa.ForeignKey("documents.id"), nullable=False, index=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)
relations = sa.Table(
    "relations",
    metadata,
    _id(),
    sa.Column("document_id", _Key, sa.ForeignKey("documents.id"), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("first", _Key, sa.ForeignKey("mentions.id"), nullable=False),
    sa.Column("second", _Key, sa.ForeignKey("mentions.id"), nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)


withdrawals = sa.Table(
    "withdrawals",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("withdrawn_at", sa.BigInteger),
    sa.Column("provenance_id", _Key, sa.ForeignKey("provenance.id"), nullable=False),
    sa.Column("row", sa.Integer),
    comment="events that their origin took back, perhaps before they came: ids, seconds since 1970, where that stands",
)
decisions = sa.Table(
    "decisions",
    metadata,
    _id(),
    sa.Column("event_id", sa.Text, nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False, index=True),
    sa.Column("decided_at", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("undone_by", _Key, sa.ForeignKey("decisions.id")),
    comment="what reviewers decided of events, in order; nothing is ever deleted, an undo is a decision too; values as JSON",
)


class Migration(NamedTuple):
    """One step of the schema. A released step is never edited: what changes later is a step of its own."""

    number: int
    name: str
    apply: Callable[[Connection], None]


def _make_tables(connection: Connection) -> None:
    metadata.create_all(connection, tables=[t for t in metadata.sorted_tables if t is not migrations])


def _make_text_search(connection: Connection) -> None:
    """An index over the words of the evidence, kept by the database itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("CREATE INDEX mentions_text ON mentions USING gin (to_tsvector('english', evidence))")
        return
    for statement in (
        "CREATE VIRTUAL TABLE mentions_text USING fts5(evidence, content='mentions', content_rowid='id', tokenize='porter unicode61')",
        "CREATE TRIGGER mentions_text_insert AFTER INSERT ON mentions BEGIN INSERT INTO mentions_text(rowid, evidence) VALUES (new.id, new.evidence); END",
        "CREATE TRIGGER mentions_text_delete AFTER DELETE ON mentions BEGIN INSERT INTO mentions_text(mentions_text, rowid, evidence) VALUES ('delete', old.id, old.evidence); END",
        "CREATE TRIGGER mentions_text_update AFTER UPDATE OF evidence ON mentions BEGIN"
        " INSERT INTO mentions_text(mentions_text, rowid, evidence) VALUES ('delete', old.id, old.evidence);"
        " INSERT INTO mentions_text(rowid, evidence) VALUES (new.id, new.evidence); END",
    ):
        connection.exec_driver_sql(statement)


def _add_review(connection: Connection) -> None:
    """Rungs and reviews. A store made anew has them by the first step, which makes all tables as they are now."""
    inspector = sa.inspect(connection)
    have = {column["name"] for column in inspector.get_columns("events")}
    for column in ("rung INTEGER", "review TEXT NOT NULL DEFAULT ''"):
        if column.split()[0] not in have:
            connection.exec_driver_sql(f"ALTER TABLE events ADD COLUMN {column}")
    decisions.create(connection, checkfirst=True)
    unset = connection.execute(sa.select(events.c.id, events.c.event_type, events.c.modes, events.c.dead, events.c.cameo, events.c.origin).where(events.c.rung.is_(None)))
    rungs = [{"event": row.id, "rung": rung_of(row.event_type, json.loads(row.modes), dead=row.dead, cameo=row.cameo or "", origin=row.origin)} for row in unset]
    if rungs:
        connection.execute(events.update().where(events.c.id == sa.bindparam("event")).values(rung=sa.bindparam("rung")), rungs)


def _add_imports(connection: Connection) -> None:
    """The rows of imported events; those of events that are there already are not known."""
    if "origin_rows" not in {column["name"] for column in sa.inspect(connection).get_columns("mentions")}:
        connection.exec_driver_sql("ALTER TABLE mentions ADD COLUMN origin_rows TEXT NOT NULL DEFAULT ''")


def _add_versions(connection: Connection) -> None:
    """Versions and withdrawals of imported events; words are indexed only where there are any."""
    withdrawals.create(connection, checkfirst=True)
    add_version_columns(connection)


def _add_volume_index(connection: Connection) -> None:
    """What is asked for how much was reported on each day, without reading the events themselves."""
    connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS events_by_volume ON events (date_start, first_report, review, modality)")


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "tables", _make_tables),
    Migration(2, "text search", _make_text_search),
    Migration(3, "review", _add_review),
    Migration(4, "feeds", make_feed_tables),
    Migration(5, "imports", _add_imports),
    Migration(6, "versions", _add_versions),
    Migration(7, "alerts", make_alert_tables),
    Migration(8, "volume", _add_volume_index),
    Migration(9, "web", make_web_tables),
    Migration(10, "orders", make_event_indexes),
)
_ADVISORY_LOCK = 0x64657465
"""Any fixed number: PostgreSQL's lock by which one writer of a store waits for another."""
BUSY_SECONDS = 60
"""So long a writer waits for another before it gives up."""
MAPPED_BYTES = 2_000_000_000
"""So much of a SQLite file is read through memory that is mapped to it: first reads of a large store take half the time."""


class Store(NamedTuple):
    """An open store. ``name`` is what messages call it: the file, or the URL without its password."""

    engine: Engine
    name: str

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_store(address: str | Path, *, create: bool = True) -> Store:
    """A file or a URL -> the open store, made or upgraded if need be. Refused with ``StoreError``: what is no store, or a newer one."""
    text = str(address)
    store = _open_url(text, create=create) if "://" in text else _open_file(Path(text), create=create)
    try:
        migrate(store, create=create)
    except sa.exc.DatabaseError as error:
        store.close()
        raise StoreError(f"{store.name}: cannot be opened ({_reason(error)}); expected a store of detente") from error
    except BaseException:
        store.close()
        raise
    return store


def _reason(error: sa.exc.DatabaseError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig is not None and str(error.orig).strip() else type(error).__name__


def _open_file(path: Path, *, create: bool) -> Store:
    check_file(path, create=create)
    if not path.parent.is_dir():
        raise StoreError(f"{path}: found no directory {path.parent}; expected one in which the store can be made")
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return Store(engine, str(path))


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own: it would leave DDL outside of them
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"cache_size=-{COMMON_CACHE_KB}",
        "temp_store=MEMORY",
        "wal_autocheckpoint=8000",
        f"mmap_size={MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # a writer takes its lock at once: one that began by reading could not wait for another, only fail
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _open_url(text: str, *, create: bool) -> Store:
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise StoreError(f"store: found {text.split('@')[-1]!r}; expected a file or postgresql+psycopg://USER@HOST/NAME") from None
    if url.drivername == "sqlite" and url.database:
        return _open_file(Path(url.database), create=create)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername != "postgresql+psycopg":
        raise StoreError(f"store: found {url.drivername}://; expected a file or postgresql+psycopg://USER@HOST/NAME")
    try:
        return Store(sa.create_engine(url), url.render_as_string(hide_password=True))
    except ModuleNotFoundError:
        from detente.errors import MissingExtraError

        raise MissingExtraError("store: PostgreSQL needs psycopg; install it: pip install 'detente[postgres]'") from None


@contextlib.contextmanager
def reading(store: Store) -> Iterator[Connection]:
    """A store -> a connection that sees one state of it."""
    # PostgreSQL would show each statement what was committed meanwhile; SQLite's transactions see one state anyhow
    options = {"isolation_level": "REPEATABLE READ"} if store.engine.dialect.name == "postgresql" else {}
    with _refused(store), store.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def writing(store: Store, *, many: bool = False, counter: str | None = "data") -> Iterator[Connection]:
    """A store -> a connection in a transaction of the only writer: all of it is kept, or nothing. ``many``: set up for an import of many rows.

    ``counter``: which of the store's counters (``web_tables``) goes up by one, by which readers know that what they hold is old; ``None`` for what no page shows.
    """
    with _refused(store), store.engine.connect().execution_options(writes=True) as connection, preparing(connection, many=many), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        yield connection
        if counter:
            count_change(connection, counter)


@contextlib.contextmanager
def _refused(store: Store) -> Iterator[None]:
    """What the database refuses from outside (locked, read-only, full, gone) is told in one line; faults of ours propagate."""
    try:
        yield
    except sa.exc.OperationalError as error:
        raise StoreError(f"{store.name}: the database refused ({_reason(error)}); expected a store that can be read and written; nothing of this step was kept") from error


def migrate(store: Store, steps: tuple[Migration, ...] = MIGRATIONS, *, create: bool = True) -> None:
    """A store -> the same with all steps applied, each committed with its record. Refuses a store that has steps unknown here."""
    with reading(store) as connection:
        names = set(sa.inspect(connection).get_table_names())
        done = {number: name for number, name in connection.execute(sa.select(migrations.c.number, migrations.c.name))} if "migrations" in names else {}
    if names and "migrations" not in names and store.engine.dialect.name == "sqlite":
        raise foreign(store.name, names)
    if not done and not create:
        raise StoreError(f"{store.name}: found no store; expected one that detente add or detente import has made")
    known = {step.number: step.name for step in steps}
    if newer := sorted(done.items() - known.items()):
        raise StoreError(
            f"{store.name}: found a store made by a newer detente (step {newer[-1][0]}, {newer[-1][1]}; this one knows {max(known)}); expected an older one; upgrade detente"
        )
    for step in steps:
        if step.number not in done:
            _apply(store, step)


def _apply(store: Store, step: Migration) -> None:
    with writing(store, counter=None) as connection:
        migrations.create(connection, checkfirst=True)
        if connection.execute(sa.select(migrations.c.number).where(migrations.c.number == step.number)).first() is not None:
            return  # another process was first
        step.apply(connection)
        connection.execute(migrations.insert().values(number=step.number, name=step.name, applied_at=now()))


def now() -> str:
    """The present moment as the store writes it: UTC, seconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
