"""What templates hold, as people read it, hides nothing and does nothing."""

import json
from typing import Any

import pytest

from review.difference.model import Change, Difference, Direction
from review.difference.text import as_text
from review.page import page
from review.rendering import cell, visible
from review.sarif import Alert, as_sarif
from tests.troubled import TODAY, troubled

Templates = dict[str, dict[str, Any]]
# A right-to-left override, an escape of a terminal, a zero-width space, and their like.
HIDING = {
    "nimda\u202eresu": "nimda\\u202eresu",
    "a\x1b[2Kb": "a\\x1b[2Kb",
    "a\u200bb": "a\\u200bb",
    "a\nb": "a\\nb",
    "a\u2066b\u2069": "a\\u2066b\\u2069",
}


@pytest.mark.parametrize("text", HIDING)
def test_what_is_not_seen_is_shown(text: str) -> None:
    assert visible(text) == HIDING[text]
    assert visible("prod-warehouse: größer als 3 → 5") == "prod-warehouse: größer als 3 → 5"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("`code`", r"\`code\`"),
        ("https://elsewhere.example.com", r"https\://elsewhere.example.com"),
        ("www.example.com", r"www\.example.com"),
        ("[x](y) ~~z~~ $w$ &lt;", r"\[x\](y) \~\~z\~\~ \$w\$ \&lt;"),
        ("to @somebody", "to @\u200bsomebody"),
        ("two\nlines", "two lines"),
        ("nimda\u202eresu", r"nimda\\u202eresu"),
    ],
)
def test_a_cell_is_no_markup_link_or_mention(text: str, shown: str) -> None:
    assert cell(text) == shown


@pytest.mark.parametrize("text", HIDING)
def test_no_name_in_the_templates_hides_on_the_page(text: str, dev_templates: Templates) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": text, "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}],
    }
    dev_templates["dev-access"]["Resources"]["Added"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"Roles": [text], "PolicyDocument": policy, "Description": text},
    }
    html = page(troubled(dev_templates), today=TODAY)
    assert text not in html
    assert HIDING[text] in html.replace("<wbr>", "")


@pytest.mark.parametrize("text", HIDING)
def test_neither_a_terminal_nor_an_alert_is_turned(text: str) -> None:
    change = Change(direction=Direction.WIDER, about="access", sentence=f"{text} may read orders")
    difference = Difference(environment="dev", changes=[change])
    assert as_text(difference) == f"{change}\n".replace(text, HIDING[text])
    alert = Alert(
        tool="Guardrails", rule="x", summary="y", message=text, resource="z", level="error", line=1
    )
    [run] = json.loads(as_sarif([alert], declaration="dev.yaml", environment="dev"))["runs"]
    assert run["results"][0]["message"]["text"] == f"z: {HIDING[text]}"
