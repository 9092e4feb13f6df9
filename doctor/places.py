"""Where a cause is put right: the line, the security group, the policy's statement."""

from doctor.evidence import Evidence
from rds_login.cause_table import Cause


def place(cause: Cause, evidence: Evidence) -> str:
    """Where to change what is wrong, as narrow as it is known."""
    subject = evidence.subject
    instance = evidence.instance or {}
    match cause.place:
        case "declaration":
            return subject.declared or f"the declaration of {subject.user}"
        case "connection":
            return f"the connection {subject.title}"
        case "policy":
            user = f"dbuser:{evidence.resource_id or '*'}/{subject.user}"
            statement = f" {subject.sid}" if subject.sid else ""
            role = subject.role_arn or evidence.caller.arn or "the role that signs"
            return f"the statement{statement} on {user} in a policy of {role}"
        case "security-group":
            groups = [one["VpcSecurityGroupId"] for one in instance.get("VpcSecurityGroups", ())]
            return f"{', '.join(groups) or 'the security group'} of {subject.instance}"
        case "network":
            way = evidence.way
            return "the network" if isinstance(way, str) else way.where
        case "instance":
            status = instance.get("DBInstanceStatus")
            return f"the instance {subject.instance}{f', which is {status}' if status else ''}"
        case "here":
            return "the machine that asks"
