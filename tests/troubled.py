"""A review that has something of everything to show."""

from dataclasses import replace
from datetime import date
from typing import Any

from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.nag.acknowledgments import Acknowledgment
from review.reports import Review, review_of
from review.templates.assembly import of_templates
from tests.declared import dev

TODAY = date(2026, 11, 25)
MARKUP = "<script>alert(1)</script> & https://tickets.example.com/DATA-7"


def _answers() -> dict[str, Any]:
    def rule(**said: Any) -> dict[str, Any]:
        of = [
            {"resource": f"dev-access/{name}/Resource", "said": one} for name, one in said.items()
        ]
        return {"info": "What the rule is about.", "level": "Error", "of": of}

    return {
        "AwsSolutions": {
            "AwsSolutions-A1": rule(One="Compliant", Two="Non-Compliant", Three="Non-Compliant"),
            "AwsSolutions-B2": rule(One="Compliant"),
            "AwsSolutions-C3": rule(),
        }
    }


def troubled(templates: dict[str, dict[str, Any]]) -> Review:
    """The review of dev's templates, in which shop has been let in everywhere."""
    for one in templates["dev-access"]["Resources"].values():
        document = one["Properties"].get("PolicyDocument", {})
        if "/shop_orders_own'" in str(document):
            document["Statement"].append(
                {"Effect": "Allow", "Action": ["rds-db:*", "iam:PutRolePolicy"], "Resource": "*"}
            )
    given = declared(Declaration.model_validate(dev()), environment="dev")
    first, *others = given.grants
    terms = replace(first, until=date(2026, 12, 1), because=MARKUP)
    acknowledged = Acknowledgment(
        path="dev-access/Two", finding="AwsSolutions-A1", reason="It is right.", owner="data team"
    )
    unused = Acknowledgment(path="dev-access/Nine", finding="AwsSolutions-A1", reason="Was right.")
    return review_of(
        of_templates(templates),
        declared=replace(given, grants=(terms, *others)),
        declaration="",
        answers=_answers(),
        today=TODAY,
        acknowledged=(acknowledged, unused),
    )
