"""What is to be known of a deploy that failed."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from deployed.nested import Template
from deployed.stack import resources_of

BEGUN = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
_STACK = "AWS::CloudFormation::Stack"
_SAID = "Message returned: "
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


def reasons(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Why what was done last failed, of a stack's events, which begin with the newest."""
    last = [*takewhile(lambda one: not _begins(one), events)]
    for one in reversed(last):
        reason = str(one.get("ResourceStatusReason", ""))
        if (
            one["ResourceStatus"].endswith("_FAILED")
            and one["ResourceType"] != _STACK
            and reason
            and not reason.startswith(_CANCELLED)
        ):
            yield f"{one['LogicalResourceId']} failed: {_words(reason)}"


def _begins(one: Mapping[str, Any]) -> bool:
    return (
        one["ResourceType"] == _STACK
        and one["ResourceStatus"] in BEGUN
        and one.get("PhysicalResourceId") == one.get("StackId")
    )


def _words(reason: str) -> str:
    """What a function said, without where in the provider's code that was passed on."""
    said = reason.partition(_SAID)[2] or reason
    return said.partition("\n")[0].removeprefix("Error: ").strip()


def still_taken_over(deployed: Template, wanted: Template) -> Iterator[str]:
    """Each server that was to be taken over and is observed again, now that it was rolled back."""
    wanting = resources_of(wanted, "Custom::DatabaseUsers")
    for name, one in resources_of(deployed, "Custom::DatabaseUsers").items():
        there = one["Properties"].get("Observed") == "true"
        if there and name in wanting and "Observed" not in wanting[name]["Properties"]:
            server = one.get("Metadata", {}).get("ExistingServer", {}).get("Name", name)
            yield (
                f"{server} is observed again, and nobody has a policy to log in with. What was "
                "done on it before the failure is not undone: the plan in the log of the users' "
                "function says what is outstanding. Put right what failed, and deploy again"
            )
