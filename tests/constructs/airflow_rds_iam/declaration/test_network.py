from pathlib import Path

import pytest

from airflow_rds_iam.declaration.file import DeclarationError, load
from airflow_rds_iam.declaration.network import Network
from tests.declared import dev, written

VPN = {"range": "10.8.0.0/16", "because": "VPN of the office"}


def refusal(clients: object, folder: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        load(written(dev({"network.clients": clients}), folder / "dev.yaml"))
    [line] = str(caught.value).splitlines()
    return line.removeprefix(f"{folder / 'dev.yaml'}:").partition(": ")[2]


@pytest.mark.parametrize(
    "source",
    [
        "10.0.0.0/8", "10.8.0.0/16", "10.1.2.3/32", "172.16.0.0/12", "172.31.255.0/24",
        "192.168.0.0/16", "100.64.0.0/10", "100.127.255.255/32",
    ],
)  # fmt: skip
def test_a_private_range_may_be_a_client(source: str) -> None:
    [client] = Network.model_validate({"clients": [{**VPN, "range": source}]}).clients
    assert client.source == source


@pytest.mark.parametrize(
    "source",
    [
        "0.0.0.0/0", "8.8.8.8/32", "10.0.0.0/7", "8.0.0.0/5", "172.16.0.0/11", "172.32.0.0/16",
        "192.168.0.0/15", "192.0.0.0/8", "100.64.0.0/9", "100.128.0.0/10", "128.0.0.0/1",
        "169.254.0.0/16", "127.0.0.0/8", "224.0.0.0/4", "11.0.0.1/8",
    ],
)  # fmt: skip
def test_a_range_with_one_address_of_the_internet_is_refused(source: str, tmp_path: Path) -> None:
    assert refusal([{**VPN, "range": source}], tmp_path) == (
        f"network.clients[0].range: '{source}': has addresses of the internet, which may not reach "
        "a database: must lie within one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "
        "100.64.0.0/10"
    )


@pytest.mark.parametrize("source", ["::/0", "2001:db8::/32", "fd00::/8", "::ffff:10.0.0.0/104"])
def test_ipv6_is_refused_since_the_vpc_has_none(source: str, tmp_path: Path) -> None:
    assert "must be an IPv4 range: the VPC has no IPv6" in refusal(
        [{**VPN, "range": source}], tmp_path
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("10.8.0.1/16", "must begin where a range of /16 does: 10.8.0.0/16"),
        ("10.8.0.0/33", "is no range of addresses, such as 10.8.0.0/16"),
        ("10.8.0.256/32", "is no range of addresses, such as 10.8.0.0/16"),
        ("10.8.0.0", "must be a private IPv4 range, such as 10.8.0.0/16"),
        ("office", "must be a private IPv4 range, such as 10.8.0.0/16"),
        ("010.8.0.0/16", "is no range of addresses, such as 10.8.0.0/16"),
    ],
)
def test_what_is_no_range_is_refused(source: str, says: str, tmp_path: Path) -> None:
    message = refusal([{**VPN, "range": source}], tmp_path)
    assert message == f"network.clients[0].range: '{source}': {says}"


@pytest.mark.parametrize(
    ("client", "named"),
    [
        ({"because": "x"}, "none"),
        ({**VPN, "security_group": "sg-0a1b2c3d"}, "security_group and range"),
        ({**VPN, "prefix_list": "pl-0a1b2c3d"}, "prefix_list and range"),
    ],
)
def test_a_client_has_one_source(client: object, named: str, tmp_path: Path) -> None:
    assert refusal([client], tmp_path) == (
        "network.clients[0]: must name exactly one of security_group, prefix_list, range; "
        f"names {named}"
    )


@pytest.mark.parametrize(
    "other",
    [VPN, {**VPN, "range": "10.8.1.0/24"}, {**VPN, "range": "10.0.0.0/8"}],
)
def test_a_client_that_another_lets_in_already_is_refused(other: object, tmp_path: Path) -> None:
    assert "clients must differ: " in refusal([VPN, other], tmp_path)


@pytest.mark.parametrize("because", ["", " ", "büro", "a|b", "a'b", "a\nb", "x" * 256])
def test_a_reason_that_ec2_would_not_take_is_refused(because: str, tmp_path: Path) -> None:
    message = refusal([{**VPN, "because": because}], tmp_path)
    assert "must be a reason of 1 to 255 characters that EC2 takes" in message


def test_a_reason_is_given(tmp_path: Path) -> None:
    message = refusal([{"range": "10.8.0.0/16"}], tmp_path)
    assert message.startswith("network.clients[0].because: is missing: must be a reason")
