"""Where a webhook may go: a host's name, and public addresses alone."""

from __future__ import annotations

import pytest

from webhooks.domain.receivers import NotAllowed, Receiver, is_public, judged, parse

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", "/"),
        ("https://hooks.example.com:443/orders", "/orders"),
        ("https://HOOKS.example.com/a/b?key=1&x=%20", "/a/b?key=1&x=%20"),
        ("https://hooks.example.com./orders", "/orders"),
    ],
)
def test_a_name_on_the_usual_port_is_called(url: str, target: str) -> None:
    assert parse(url) == Receiver("hooks.example.com", 443, target)


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.com/", "HTTPS://", "https://", "ftp://hooks.example.com/", ""),
        *("https://localhost/", "https://localhost:8443/", "https://hooks/", "https://a..b.com/"),
        *("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[::1"),
        *("https://2130706433/", "https://0x7f.1/", "https://10.1/", "https://8.8.8.8/"),
        *("https://hooks.example.com:8443/", "https://hooks.example.com:0/"),
        *("https://hooks.example.com:x/", "https://user@hooks.example.com/"),
        *("https://user:secret@hooks.example.com/", "https://a.example\\@10.0.0.1/"),
        *("https://hooks.example.com/a#b", "https://hooks.example.com/a b"),
        *("https://hooks.example.com/\r\nX: 1", "https://hooks.exämple.com/"),
        *("https://hooks.example.com/" + "a" * 600, "https://-a.example/", "https://a.example-/"),
        *('https://hooks.example.com/"', "https://hooks.example.1/", "https:///hooks"),
    ],
)
def test_nothing_else_is_an_address_of_a_receiver(url: str) -> None:
    with pytest.raises(NotAllowed):
        parse(url)


def test_this_machine_is_one_where_that_is_allowed_and_nothing_else_of_it() -> None:
    assert parse("https://localhost:8443/x", loopback=True).is_this_machine
    for url in ("https://127.0.0.1:8443/", "http://localhost:8443/", "https://localhost/"):
        with pytest.raises(NotAllowed):
            parse(url, loopback=True)
    assert not parse("https://hooks.example.com/", loopback=True).is_this_machine


NOT_PUBLIC = [
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.8.8", "0.1.2.3", "100.64.0.1"),
    *("169.254.169.254", "169.254.170.2", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00:ec2::254"),
    *("fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "::ffff:0:10.0.0.1", "::7f00:1", "64:ff9b::a00:1", "100::1"),
    *("64:ff9b:1::1", "2002:a00:1::1", "2002:7f00:1::", "2001:0:1::1", "fe80::1%eth0"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_way_leads_into_a_network_that_is_not_public(address: str) -> None:
    with pytest.raises(NotAllowed):
        judged([address])
    with pytest.raises(NotAllowed):
        judged([*PUBLIC, address])


def test_public_addresses_are_called_those_of_ipv4_first() -> None:
    assert judged([PUBLIC[1], PUBLIC[0]]) == PUBLIC
    assert judged(["::ffff:93.184.215.14"]) == ["::ffff:5db8:d70e"]


@pytest.mark.parametrize("addresses", [[], ["nonsense"], ["1.2.3"], [PUBLIC[0], ""]])
def test_what_is_no_address_is_not_called(addresses: list[str]) -> None:
    with pytest.raises(NotAllowed):
        judged(addresses)


@pytest.mark.parametrize("address", [*PUBLIC, "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_where_this_machine_is_allowed_it_is_nothing_else(address: str) -> None:
    assert judged(["::1", "127.0.0.1"], loopback=True) == ["127.0.0.1", "::1"]
    if address != "::ffff:127.0.0.1":  # as routers read it, it is this machine
        with pytest.raises(NotAllowed):
            judged(["127.0.0.1", address], loopback=True)


def test_the_addresses_of_the_lists_above_are_judged_one_by_one() -> None:
    from ipaddress import ip_address

    assert [it for it in NOT_PUBLIC if is_public(ip_address(it.partition("%")[0]))] == []
    assert all(is_public(ip_address(it)) for it in PUBLIC)
