"""The page as a reader has it: at a desk, on a phone, on paper, in the dark, by ear."""

import os
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from review.page import page as rendered
from tests.troubled import TODAY, troubled

pytestmark = pytest.mark.slow

# `required` where a machine must have one, as CI's must.
BROWSER_TESTS = os.environ.get("BROWSER_TESTS")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
if not CHROMIUM and BROWSER_TESTS != "required":
    pytest.skip("no Chromium here: `apt-get install chromium`", allow_module_level=True)

# It asks nobody for anything, either; root has no sandbox.
ARGUMENTS = ["--disable-background-networking", "--disable-component-update", "--disable-gpu"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=os.getuid() != 0
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(
    dev_templates_as_written: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    file = tmp_path_factory.mktemp("page") / "index.html"
    review = troubled(deepcopy(dev_templates_as_written))
    file.write_text(rendered(review, today=TODAY), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, by default as wide as a desk's; a test's parameter may have it otherwise."""
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
    options |= getattr(request, "param", {})
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(file.as_uri())
    yield page
    context.close()


PHONE = {"viewport": {"width": 380, "height": 700}, "has_touch": True}
DARK = {"color_scheme": "dark"}
EACH = [
    pytest.param({}, id="desk"),
    pytest.param(PHONE, id="phone"),
    pytest.param(PHONE | DARK, id="phone in the dark"),
]
FIRST = "Who may do what: as declared, as IAM says, as the database was found"


def shown(page: Page, column: int = 0) -> list[str]:
    """The cells of a column of the first table, in the rows that are shown."""
    return page.locator("#access tbody tr:visible").evaluate_all(
        f"rows => rows.map(row => row.cells[{column}].textContent.trim())"
    )


def test_it_asks_nobody_for_anything_and_its_own_policy_lets_all_of_it_run(
    browser: Browser, file: Path
) -> None:
    asked: list[str] = []
    said: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    page.get_by_label(f"Filter: {FIRST}").fill("payroll")
    page.wait_for_load_state("networkidle")
    page.close()
    assert asked == [file.as_uri()]
    assert said == []


def test_a_filter_leaves_the_rows_with_all_of_its_words(opened: Page) -> None:
    everything = len(shown(opened))
    opened.get_by_label(f"Filter: {FIRST}").fill("SHOP payroll")
    assert set(shown(opened)) == {"shop"}
    assert (
        opened.locator("#access output").text_content() == f"{len(shown(opened))} of {everything}"
    )
    opened.get_by_label(f"Filter: {FIRST}").fill("")
    assert len(shown(opened)) == everything


def test_what_is_marked_can_be_looked_at_alone(opened: Page) -> None:
    marked = opened.locator("#access tr.marked").count()
    opened.locator("#access").get_by_label("only what is marked").check()
    assert len(shown(opened)) == marked > 1
    opened.get_by_label(f"Filter: {FIRST}").fill("no such word")
    assert shown(opened) == []


@pytest.mark.parametrize("opened", [{}, PHONE], ids=["desk", "phone"], indirect=True)
def test_a_heading_sorts_and_sorts_back(opened: Page) -> None:
    heading = opened.locator("#access thead").get_by_role("button", name="As", exact=True)
    heading.click()
    users = shown(opened, 5)
    assert users == sorted(users)
    column = opened.locator("#access thead th[aria-sort]")
    assert column.get_attribute("aria-sort") == "ascending"
    heading.press("Enter")
    assert shown(opened, 5)[0].split()[0] == users[-1].split()[0]
    assert column.get_attribute("aria-sort") == "descending"
    assert column.count() == 1


UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.mark.parametrize("opened", EACH, indirect=True)
def test_nothing_is_wider_than_the_window_folded_or_not(opened: Page) -> None:
    for script in ("1", UNFOLD):
        opened.evaluate(script)
        wider = opened.evaluate(
            """() => [...document.querySelectorAll('body *')]
            .filter(one => one.getClientRects().length && !one.closest('svg'))
            .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
            .map(one => one.outerHTML.slice(0, 80))"""
        )
        assert wider == []
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


# WCAG 2.2, "Contrast (Minimum)" and "Relative luminance": of each text to what is painted under it.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) =>
    [r, g, b].map((value, index) => value * a + under[index] * (1 - a));
  const painted = (element) => {
    if (!element) return [255, 255, 255];
    const style = getComputedStyle(element);
    const box = element.matches('svg .box text') && element.parentNode.querySelector('rect');
    const color = box ? getComputedStyle(box).fill : style.backgroundColor;
    return over(rgba(color), painted(element.parentElement));
  };
  const luminance = (color) => {
    const [r, g, b] = color.map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = [...document.querySelectorAll('body *')].filter(one =>
    one.checkVisibility() && !['SCRIPT', 'TITLE', 'title'].includes(one.tagName) &&
    [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
  return texts.map(one => {
    const style = getComputedStyle(one);
    const under = painted(one);
    const color = over(rgba(one.closest('svg') ? style.fill : style.color), under);
    const [light, dark] = [luminance(color), luminance(under)].sort((a, b) => b - a);
    return [(light + 0.05) / (dark + 0.05), one.outerHTML.slice(0, 80)];
  });
}"""


@pytest.mark.parametrize("opened", EACH, indirect=True)
def test_every_text_stands_out_from_what_is_under_it(opened: Page) -> None:
    opened.evaluate(UNFOLD)
    found: list[tuple[float, str]] = opened.evaluate(CONTRAST)
    assert len(found) > 200
    assert [(ratio, text) for ratio, text in found if ratio < 4.5] == []


@pytest.mark.parametrize("opened", [{}, DARK], ids=["light", "dark"], indirect=True)
def test_on_paper_all_is_unfolded_and_dark_on_white(opened: Page) -> None:
    opened.emulate_media(media="print")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.locator("details:not([open], .long, .long *)").count() == 0
    assert not opened.locator(".filter").first.is_visible()
    assert opened.locator("#access .path").first.is_visible()
    assert (
        opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert [one for one in opened.evaluate(CONTRAST) if one[0] < 4.5] == []
    assert opened.pdf(format="A4").startswith(b"%PDF")
    opened.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.locator("details:not([open])").count() > 0


# A4 and Letter, less the margins that browsers print with.
PAPER = [{"viewport": {"width": width, "height": 900}} for width in (718, 740)]


@pytest.mark.parametrize("opened", PAPER, ids=["A4", "Letter"], indirect=True)
def test_a_sheet_of_paper_is_no_phone(opened: Page) -> None:
    opened.emulate_media(media="print")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    cells = opened.locator("#access tbody tr > *, #nag > table tbody tr > *")
    labels = "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
    assert set(cells.evaluate_all(labels)) == {"none"}
    widths = "cells => cells.map(cell => cell.getBoundingClientRect().width)"
    assert min(cells.evaluate_all(widths)) > 30
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # What nothing is wrong with is said to be there, and not listed.
    assert opened.locator("#nag > details.long > summary").first.is_visible()
    assert not opened.locator("#nag > details.long table").first.is_visible()


@pytest.mark.parametrize("opened", [{}, PHONE], ids=["desk", "phone"], indirect=True)
def test_a_screen_reader_is_told_tables_headings_and_what_the_picture_is(opened: Page) -> None:
    table = opened.get_by_role("table", name=FIRST)
    assert table.get_by_role("columnheader").count() == 8
    rows = table.locator("tbody").get_by_role("row")
    assert rows.count() == table.get_by_role("rowheader").count() > 5
    assert rows.first.get_by_role("cell").count() == 7
    assert opened.get_by_role("heading", level=1).count() == 1
    sections = opened.get_by_role("heading", level=2).all_text_contents()
    assert sections == [
        "Access", "Picture", "Who else could", "Guardrails", "cdk-nag", "Controls",
        "What this cannot show",
    ]  # fmt: skip
    assert opened.get_by_role("img").count() == 1
    assert "from identities" in str(opened.get_by_role("img").get_attribute("aria-label"))
    assert opened.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_all_of_it_is_there_to_read(opened: Page) -> None:
    assert opened.locator("#access tbody tr").count() > 5
    assert not opened.locator(".filter").first.is_visible()
    assert opened.get_by_role("table", name=FIRST).is_visible()
