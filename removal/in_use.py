"""What a declared stack would no longer export, though deployed stacks still import it.

CloudFormation refuses to remove that. So the stack keeps all that it would lose, until nobody
imports it.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deployed.nested import Template
from review.templates.intrinsics import Stack

SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")


def keep(assembly: Path, declared: Sequence[Stack], cloudformation: Any) -> Iterator[str]:
    """Add to the templates of ``assembly`` what must stay for now; a sentence for each stack.

    Args:
        assembly: what was synthesized.
        declared: its stacks.
        cloudformation: a boto3 client; it calls ListExports, ListImports, GetTemplate.

    Raises:
        ClientError: the caller may not ask.
    """
    users = _users(declared, cloudformation)
    for stack in declared:
        if stack.name not in users:
            continue
        deployed = _template(cloudformation, stack.name)
        more = Counter(
            one["Type"]
            for logical_id, one in deployed["Resources"].items()
            if logical_id not in stack.template.get("Resources", {})
        )
        _rewrite(assembly, stack.name, joined(stack.template, deployed))
        kept = ", ".join(f"{count} {kind}" for kind, count in sorted(more.items())) or "an export"
        yield (
            f"{stack.name} keeps for now what is not declared any more, as it is still used by "
            f"{', '.join(sorted(users[stack.name]))}: {kept}. The first deploy after nobody uses "
            "it removes it."
        )


def _users(declared: Sequence[Stack], cloudformation: Any) -> dict[str, set[str]]:
    """The stacks that import what a declared stack would no longer export, by that one's name."""
    wanted = {stack.name: _exports(stack.template) for stack in declared}
    users: dict[str, set[str]] = defaultdict(set)
    for page in cloudformation.get_paginator("list_exports").paginate():
        for export in page["Exports"]:
            stack, name = export["ExportingStackId"].split("/")[1], export["Name"]
            if stack in wanted and name not in wanted[stack]:
                users[stack].update(_importing(cloudformation, name))
    return {stack: names for stack, names in users.items() if names}


def _exports(template: Template) -> set[str]:
    outputs = template.get("Outputs", {}).values()
    return {one["Export"]["Name"] for one in outputs if "Export" in one}


def _importing(cloudformation: Any, export: str) -> Iterator[str]:
    try:
        for page in cloudformation.get_paginator("list_imports").paginate(ExportName=export):
            yield from page["Imports"]
    except ClientError as error:
        # That is how CloudFormation says that nobody does.
        if "is not imported by any stack" not in str(error):
            raise


def _template(cloudformation: Any, stack: str) -> Template:
    body: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def joined(wanted: Template, deployed: Template) -> Template:
    """``wanted``, and of ``deployed`` what it has not."""
    both = {
        section: {**deployed.get(section, {}), **wanted.get(section, {})} for section in SECTIONS
    }
    return {**wanted, **{section: content for section, content in both.items() if content}}


def _rewrite(assembly: Path, stack: str, template: Template) -> None:
    """Write a template, and where it goes: the CDK uploads what has another name alone."""
    file = assembly / f"{stack}.template.json"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_text(json.dumps(template, indent=1))
    after = hashlib.sha256(file.read_bytes()).hexdigest()
    for name in ("manifest.json", f"{stack}.assets.json"):
        told = assembly / name
        told.write_text(told.read_text().replace(before, after))
