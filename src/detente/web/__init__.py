"""The desk: pages for people, and the same as data. Calls the store and the analysis; nothing but the command ``serve`` imports it.

``routes`` lists what there is; ``app`` makes of it an application; ``dispatch`` is the one way from a request to a page and its JSON twin.
"""
