"""The comment says the counts first, fits, and makes nothing of what a stranger names things."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.comment.compose import LIMIT, MARK, compose, same
from review.comment.reported import LARGEST, Reported, ReportError, reported

GITHUB_LIMIT = 65_536
NOTHING = Reported(environment="dev", access=[], resources={})
GRANT = Reported(
    environment="prod",
    access=[
        ("wider", "analyst may read orders (prod-warehouse)"),
        ("narrower", "airflow may read billing (prod-warehouse); its sessions will end"),
    ],
    resources={
        "prod-access": [
            "[+] AWS::IAM::ManagedPolicy Policy-warehouse-orders-analyst Policy1234",
            "[~] Custom::DatabaseUsers Users-warehouse/Made UsersMade",
        ]
    },
)


def test_the_title_has_the_counts_and_the_summary_is_first() -> None:
    lines = compose([NOTHING, GRANT], link="https://github.com/o/r/actions/runs/1").splitlines()
    assert lines[0] == MARK
    assert lines[2] == "## Access: 1 wider, 1 narrower · Resources: 1 added, 1 changed"
    assert lines[4:6] == [
        "- **dev**: access as it was; no resource",
        "- **prod**: access 1 wider, 1 narrower; 1 added, 1 changed in 1 stack",
    ]
    assert "+ analyst may read orders (prod-warehouse)" in lines
    assert any("(https://github.com/o/r/actions/runs/1)" in line for line in lines)


def test_nothing_that_changes_is_said_in_a_line() -> None:
    text = compose([NOTHING])
    assert "## Access: no change · Resources: no change" in text
    assert "```" not in text


def test_another_run_that_finds_the_same_says_the_same() -> None:
    assert same(compose([GRANT], link="one"), compose([GRANT], link="another"))
    assert not same(compose([GRANT]), compose([NOTHING]))
    assert not same(compose([GRANT]), "somebody else's")


HOSTILE = [
    "``` \n</details><img src=x onerror=alert(1)>\n# A title",
    "@octo-org/everyone and @octocat, see #1, GH-1, 0d6538c and octo-org/it#2",
    "[click](javascript:alert(1)) ![picture](https://example.org/x.png) https://example.org",
    "<!-- review of access --> <script>alert(1)</script> &lt;b&gt;",
    "a\r\nb\u2028c\u202egnp.exe\x1b[31m\x00",
    "`````" * 5,
]


def outside_code(text: str) -> str:
    """The lines of a comment that are Markdown; each block must end as it began."""
    fence, kept = "", list[str]()
    for line in text.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        else:
            kept.append(line)
    assert not fence
    return "\n".join(kept)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_a_block_of_code_and_nowhere_else(name: str) -> None:
    plain = Reported(
        environment="dev", access=[("wider", "it")], resources={"it": ["[+] it", "it"]}
    )
    hostile = Reported(
        environment="dev", access=[("wider", name)], resources={name: [f"[+] {name}", name]}
    )
    body, other = (
        outside_code(compose([one])).replace("\n\n", "\n").splitlines()[2:]
        for one in (hostile, plain)
    )
    assert body == other


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_text_at_all_leaves_its_block(names: list[str]) -> None:
    one = Reported(environment="dev", access=[("wider", each) for each in names], resources={})
    outside = outside_code(compose([one])).splitlines()
    assert len(outside) <= 14
    assert not [line for line in outside if line.startswith(("+", "…"))]


@pytest.mark.first(1)
@pytest.mark.parametrize(
    "character", ["x", "é", "\U0001f600", "\x00", "`"], ids=["ascii", "2", "4", "escape", "tick"]
)
def test_it_fits_however_much_changes_and_keeps_the_counts(character: str) -> None:
    many = Reported(
        environment="dev",
        access=[("wider", f"{number} {character * 300}") for number in range(500)],
        resources={f"s{n}": [f"[+] {n} {character * 3000}"] * 9 for n in range(40)},
    )
    text = compose([many, many, GRANT], link="https://github.com/o/r/actions/runs/1")
    assert len(text.encode()) <= LIMIT < GITHUB_LIMIT
    assert "## Access: 1001 wider, 1 narrower · Resources: 721 added, 1 changed" in text
    assert "more\n" in text
    # The small one is whole, though the others are not.
    assert "analyst may read orders" in text
    outside_code(text)


def files(folder: Path, difference: Any, changes: Any) -> Path:
    (folder / "difference.json").write_text(
        difference if isinstance(difference, str) else json.dumps(difference)
    )
    (folder / "changes.json").write_text(json.dumps(changes))
    return folder


def test_what_a_review_wrote_is_read(tmp_path: Path) -> None:
    change = {"direction": "wider", "about": "access", "sentence": "it"}
    found = reported(
        files(tmp_path, {"environment": "dev", "changes": [change]}, {"dev-access": ["[+] it"]})
    )
    assert found == Reported(
        environment="dev", access=[("wider", "it")], resources={"dev-access": ["[+] it"]}
    )
    assert found.widens()


@pytest.mark.parametrize(
    ("difference", "changes"),
    [
        ("{", {}),
        ("[" * 100_000, {}),
        ({"environment": "dev"}, {}),
        ({"environment": "**dev** @octocat", "changes": []}, {}),
        ({"environment": "dev\n# x", "changes": []}, {}),
        ({"environment": "dev", "changes": [{"direction": "up", "sentence": "it"}]}, {}),
        ({"environment": "dev", "changes": []}, {"stack": "text"}),
        ({"environment": "dev", "changes": []}, {"stack": ["x" * 20_001]}),
        ("x" * (LARGEST + 1), {}),
    ],
)
def test_what_is_no_report_is_refused(difference: Any, changes: Any, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"dev|difference|changes|report"):
        reported(files(tmp_path, difference, changes))
