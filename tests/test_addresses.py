"""Web addresses: what is fetched and what is refused, before anything is looked up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.reading.addresses import Refused, is_public, looks_like_url, parse_url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://example.org", "https://example.org/"),
        (" HTTP://Example.ORG:80/a?b=1#part ", "http://example.org/a?b=1"),
        ("https://example.org.:443/", "https://example.org/"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("https://bücher.example/käse?q=ä", "https://xn--bcher-kva.example/k%C3%A4se?q=%C3%A4"),
        ("https://example.org/a%20b", "https://example.org/a%20b"),
        ("http://[2606:2800:220:1::1]/", "http://[2606:2800:220:1::1]/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
    ],
)
def test_an_address_is_written_in_one_way(given: str, url: str) -> None:
    assert parse_url(given).url == url
    assert parse_url(url).url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/a", "bad-scheme"),
        ("file:///etc/passwd", "bad-scheme"),
        ("gopher://example.org", "bad-scheme"),
        ("javascript://example.org/%0aalert(1)", "bad-scheme"),
        ("//example.org/", "bad-scheme"),
        ("http://user@example.org/", "bad-url"),
        ("http://user:secret@example.org/", "bad-url"),
        ("http://example.org@127.0.0.1/", "bad-url"),
        ("http://example.org\\@127.0.0.1/", "bad-url"),
        ("http://example.org/a\r\nHost: other", "bad-url"),
        ("http://exa mple.org/", "bad-url"),
        ("http:///path", "bad-url"),
        ("http://example.org:99999/", "bad-url"),
        ("http://example.org:port/", "bad-url"),
        ("http://example.org:22/", "bad-port"),
        ("http://example.org:6379/", "bad-port"),
        ("http://2130706433/", "bad-url"),
        ("http://0x7f000001/", "bad-url"),
        ("http://0x7f.1/", "bad-url"),
        ("http://0177.0.0.1/", "bad-url"),
        ("http://127.1/", "bad-url"),
        ("http://127.0.0.1.example.0x1/", "bad-url"),
        ("http://[::1/", "bad-url"),
        ("http://[fe80::1%25eth0]/", "bad-url"),
        ("http://[::ffff:999.0.0.1]/", "bad-url"),
        ("http://a..b/", "bad-url"),
        ("http://-a.example/", "bad-url"),
        ("http://example.org%00.evil/", "bad-url"),
        ("http://" + "a" * 64 + ".example/", "bad-url"),
    ],
)
def test_an_address_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_url(url)
    assert refused.value.reason == reason
    assert "found" in refused.value.message and "expected" in refused.value.message


@pytest.mark.parametrize("host", ["１２７.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "127.0.0.1."])
def test_other_ways_to_write_an_ipv4_address_end_as_the_address(host: str) -> None:
    assert parse_url(f"http://{host}/").host == "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.9", "192.0.2.1"),
        *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
        *("2002:7f00:1::", "2002:0a00:0001::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_an_address_that_is_not_of_the_public_internet_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_told(address: str) -> None:
    assert is_public(address)


@settings(max_examples=60, deadline=None)
@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_public_only_within_the_global_range(address: object) -> None:
    first = int(address) >> 125  # type: ignore[call-overload]
    if is_public(str(address)):
        assert first == 0b001 or str(address).startswith(("::ffff:", "64:ff9b::"))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_no_text_gives_anything_but_an_address_or_a_reason(text: str) -> None:
    try:
        address = parse_url("http://" + text)
    except Refused:
        return
    assert address.url.isascii() and not any(c.isspace() for c in address.url)
    assert parse_url(address.url) == address


def test_paths_are_not_taken_for_addresses() -> None:
    assert looks_like_url("https://example.org") and looks_like_url("FTP://x/y")
    assert not any(map(looks_like_url, ["reports/a.txt", "-", "C:\\reports", "a:b", "http:a"]))
