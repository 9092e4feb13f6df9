"""The templates of what people read."""

import re
import unicodedata
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

# After what separates the parts of a name, and before a capital within a word.
_BREAKS = re.compile(r"(?<=[/_.:])(?=[^\s/_.:])|(?<=[a-z0-9])(?=[A-Z])")

# No text has it in which what is not seen is an escape.
_MARK = "\0"


def render(template: str, **values: Any) -> str:
    """Fill ``template``; what goes into HTML is escaped."""
    return _ENVIRONMENT.get_template(template).render(**values)


def asset(name: str) -> Markup:
    """What stands beside the templates, such as a style sheet, as it is."""
    return Markup(files("review").joinpath("pages", name).read_text(encoding="utf-8"))  # noqa: S704


def visible(text: str) -> str:
    """A text in which nothing hides: line ends, and what is not seen or turns others, as escapes.

    What templates hold is written by whom a review is about.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character == " " or unicodedata.category(character)[0] not in "CZ"
        else character.encode("unicode_escape").decode()
        for character in text
    )


def breakable(text: object) -> Markup:
    """A text for HTML, whose long names are broken between their parts and nowhere else."""
    # Marked and escaped as a whole: a page of hundreds of databases has tens of thousands of parts.
    marked = str(escape(_BREAKS.sub(_MARK, visible(str(text)))))
    return Markup(marked.replace(_MARK, "<wbr>"))  # noqa: S704


def cell(text: object) -> Markup:
    """A text as a cell of a Markdown table: on one line, with no bar, markup, link or mention."""
    plain = visible(" ".join(str(text).split()))
    escaped = re.sub(
        r"[\\|*_`\[\]<>~$&]|:(?=//)|(?<=www)[.]", r"\\\g<0>", plain, flags=re.IGNORECASE
    )
    # A zero-width space, since an escaped @ mentions somebody still.
    return Markup(escaped.replace("@", "@\u200b"))  # noqa: S704


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(
    loader=PackageLoader("review", "pages"),
    autoescape=select_autoescape(["html", "html.jinja"]),
    undefined=StrictUndefined,
    finalize=_shown,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters["cell"] = cell
_ENVIRONMENT.filters["breakable"] = breakable
