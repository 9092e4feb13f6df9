"""The templates of what people read."""

import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

# After what separates the parts of a name, and before a capital within a word.
_BREAKS = re.compile(r"(?<=[/_.:])(?=[^\s/_.:])|(?<=[a-z0-9])(?=[A-Z])")


def render(template: str, **values: Any) -> str:
    """Fill ``template``; what goes into HTML is escaped."""
    return _ENVIRONMENT.get_template(template).render(**values)


def asset(name: str) -> Markup:
    """What stands beside the templates, such as a style sheet, as it is."""
    return Markup(files("review").joinpath("pages", name).read_text(encoding="utf-8"))  # noqa: S704


def breakable(text: object) -> Markup:
    """A text for HTML, whose long names are broken between their parts and nowhere else."""
    return Markup("<wbr>").join(escape(part) for part in _BREAKS.split(str(text)))


def cell(text: object) -> str:
    """A text as a cell of a Markdown table: on one line, with no bar and no markup of its own."""
    plain = " ".join(str(text).split())
    for character in "\\|*_`[]<>":
        plain = plain.replace(character, f"\\{character}")
    return plain


_ENVIRONMENT = Environment(
    loader=PackageLoader("review", "pages"),
    autoescape=select_autoescape(["html", "html.jinja"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters["cell"] = cell
_ENVIRONMENT.filters["breakable"] = breakable
