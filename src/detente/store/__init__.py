"""The event store: all SQL of detente. Import its modules where they are used: SQLAlchemy is not loaded before.

``schema`` opens and upgrades a store, ``write`` adds coded reports, ``importing`` what others coded, ``query`` reads. ``matching`` (do two mentions report one event?) and
``revising`` (what a further mention changes in an event) are pure; ``duplicates`` finds near copies of a text.
"""
