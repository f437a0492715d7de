"""Where a pair of actors stands, from stored events of any origin: long tables in, long tables out. No SQL (that is the store's), no printing.

``table`` is the one input; ``dyads`` picks a pair out of it; ``series``, ``ladder``, ``episodes`` and ``alerts`` say what it shows;
``precedents`` when it last looked like this, ``ties`` what links the two, ``claims`` what is said of them.
Needs ``pip install 'detente[analysis]'``.
"""
