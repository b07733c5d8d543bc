"""From which address and network a request comes, and whose word for it is taken."""

import pytest

from foundation.client_address import NO_PROXIES, ProxyRule, network_of, read_networks

PROXIES = ProxyRule(read_networks("10.0.0.0/24, 2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("203.0.113.77:4711", "203.0.113.0/24"),
        ("2001:db8:1234:5678::1", "2001:db8:1234:5600::/56"),
        ("[2001:db8:1234:5678::1]:443", "2001:db8:1234:5600::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_a_network_is_what_one_subscriber_may_have(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.5", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.5", "192.0.2.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.5", "192.0.2.1, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.0.0.5", "10.0.0.9", "10.0.0.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "nonsense", "10.0.0.5"),
        ("10.0.0.5", "203.0.113.7, nonsense", "10.0.0.5"),
        ("2001:db8:1::1", "203.0.113.7", "203.0.113.7"),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("", "203.0.113.7", ""),
    ],
)
def test_only_a_trusted_proxy_names_the_caller(peer, forwarded, client):
    assert PROXIES.client(peer, forwarded) == client


def test_without_proxies_the_peer_is_the_caller():
    assert NO_PROXIES.client("127.0.0.1", "203.0.113.7") == "127.0.0.1"


@pytest.mark.parametrize(
    ("hops", "peer", "client"),
    [(1, "172.18.0.2", "10.0.0.7"), (2, "172.18.0.2", "203.0.113.7"), (2, "198.51.100.1", "198.51.100.1")],
)
def test_a_number_trusts_so_many_proxies_of_private_networks(hops, peer, client):
    assert ProxyRule(hops=hops).client(peer, "192.0.2.1, 203.0.113.7, 10.0.0.7") == client
