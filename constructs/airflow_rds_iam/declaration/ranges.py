"""Ranges of IPv4 addresses, and which of them machines of a private network can have."""

from ipaddress import IPv4Network, ip_network

# Addresses that nobody on the internet has: RFC 1918, and RFC 6598, which EKS and providers use.
PRIVATE = tuple(
    IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


def private(declared: str) -> str:
    """``declared``, if it is a range of private addresses.

    Raises:
        ValueError: it is not; the message follows the value.
    """
    try:
        network = ip_network(declared, strict=False)
    except ValueError:
        raise ValueError("is no range of addresses, such as 10.8.0.0/16") from None
    if not isinstance(network, IPv4Network):
        raise ValueError("must be an IPv4 range: the VPC has no IPv6")  # noqa: TRY004
    if not any(network.subnet_of(one) for one in PRIVATE):
        allowed = ", ".join(map(str, PRIVATE))
        raise ValueError(
            f"has addresses of the internet, which may not reach a database: must lie within "
            f"one of {allowed}"
        )
    if str(network) != declared:
        raise ValueError(f"must begin where a range of /{network.prefixlen} does: {network}")
    return declared


def overlapping(one: str, other: str) -> bool:
    """Whether two ranges have an address in common."""
    return IPv4Network(one).overlaps(IPv4Network(other))
