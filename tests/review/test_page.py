import re
from html.parser import HTMLParser
from typing import Any

import pytest

from review.guardrails.rules import RULES
from review.page import page
from review.rendering import breakable
from review.reports import Review
from tests.application import CdkOut
from tests.troubled import MARKUP, TODAY, troubled

Templates = dict[str, dict[str, Any]]


class Elements(HTMLParser):
    """The elements with their attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def review(dev_templates: Templates) -> Review:
    return troubled(dev_templates)


@pytest.fixture
def html(review: Review) -> str:
    return page(review, today=TODAY)


def section(html: str, name: str) -> str:
    return html.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def test_it_refers_to_nothing_outside_but_what_a_reader_may_click(html: str) -> None:
    refers = {"src", "href", "srcset", "data", "action", "poster", "style", "background"}
    outside = [
        (tag, name, value)
        for tag, attributes in Elements(html).found
        for name, value in attributes.items()
        if name in refers and not str(value).startswith(("#", "data:"))
    ]
    assert outside == [("a", "href", "https://tickets.example.com/DATA-7")]
    assert "@import" not in html
    assert "url(" not in html


def test_what_people_write_is_text_and_no_markup(html: str) -> None:
    elements = Elements(html)
    assert sum(tag == "script" for tag, _ in elements.found) == 1
    assert MARKUP.partition(" & ")[0] in elements.text
    assert not [name for _, given in elements.found for name in given if name.startswith("on")]


def test_every_row_of_the_matrix_is_there_with_its_three_columns_and_its_evidence(
    review: Review, html: str
) -> None:
    access = section(html, "access")
    assert access.count('<th role="rowheader"') == len(review.matrix.rows)
    assert access.count('class="marked"') == sum(
        bool(one.disagreements) for one in review.matrix.rows
    )
    for row in review.matrix.rows:
        assert f"<code>{row.user}</code>" in access
        assert all(one.logical_id in Elements(access).text for one in row.evidence)
    for one in ("Declared", "IAM", "In the database"):
        assert f'<th role="columnheader" scope="col">{one}</th>' in access
    assert "2026-12-01" in access


def test_what_the_application_has_made_for_itself_says_what_it_is(html: str) -> None:
    access = section(html, "access")
    assert "“Makes the database users of dev-warehouse what is declared”" in access
    assert "the application's own" in access
    assert "“Compares dev-warehouse with its declaration”" in section(html, "else")


def test_a_long_name_is_broken_between_its_parts() -> None:
    assert breakable("to dev-access/DriftCheck") == "to dev-access/<wbr>Drift<wbr>Check"
    assert breakable("a<b>/B") == "a&lt;b&gt;/<wbr>B"


def test_every_rule_and_resource_of_cdk_nag_is_there(review: Review, html: str) -> None:
    nag = Elements(section(html, "nag")).text
    for one in review.nag.findings:
        assert one.resource in nag
    for rule in ("AwsSolutions-A1", "AwsSolutions-B2", "AwsSolutions-C3"):
        assert rule in nag
    assert "It is right. (data team" in nag
    assert "AwsSolutions-A1 on dev-access/Nine" in nag


def test_everything_else_of_the_model_is_there(review: Review, html: str) -> None:
    text = Elements(html).text
    assert review.paths
    assert all(one.how in text for one in review.paths)
    assert review.guardrails
    assert all(one.violation.message in text for one in review.guardrails)
    assert text.count("of the team's own") == len(review.declared.rules)
    rules = section(html, "guardrails").partition("<summary>The rules</summary>")[2]
    assert rules.count("<li>") == len(RULES)


@pytest.mark.parametrize("kind", ["wide", "narrow"])
def test_the_picture_has_a_line_for_each_row_and_a_box_for_each_name(
    review: Review, html: str, kind: str
) -> None:
    drawn = html.partition(f'<svg class="{kind}"')[2].partition("</svg>")[0]
    rows = [row for row in review.matrix.rows if row.iam != "denied"]
    assert drawn.count('class="line ') == len(rows)
    assert drawn.count(" wrong") == sum(bool(row.disagreements) for row in rows)
    boxes = len({row.identity for row in rows})
    boxes += len({(row.user, row.server) for row in rows})
    boxes += len({(row.database, row.server) for row in rows})
    assert drawn.count('class="box"') == boxes
    assert "shop may own orders of dev-warehouse as shop_orders_own" in drawn


def test_the_application_writes_it_for_what_it_synthesizes(cdk_out: CdkOut) -> None:
    html = (cdk_out("prod") / "review" / "index.html").read_text()
    text = re.sub(r"\s+", " ", Elements(html).text)
    for good in ("0 disagreements", "0 guardrail findings", "0 violations of cdk-nag's rules"):
        assert good in text
    assert 'class="marked"' not in section(html, "access")
