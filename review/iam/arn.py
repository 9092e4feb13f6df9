"""ARNs, part by part."""

import re

from review.iam.matching import has_token, matches
from review.iam.truth import NO, UNKNOWN, Truth, every


def arn_parts(arn: str) -> list[str]:
    """The six parts of an ARN, or fewer; a colon within a token separates nothing."""
    parts = re.split(r":(?![^⟨]*⟩)", arn)
    return [*parts[:5], ":".join(parts[5:])] if len(parts) > 5 else parts


def arn_matches(pattern: str, arn: str) -> Truth:
    """Whether each part matches for itself, so that no wildcard reaches beyond a colon."""
    wanted, given = arn_parts(pattern), arn_parts(arn)
    if len(wanted) != 6 or len(given) != 6:
        # A part that is not known yet may hold the colons.
        return UNKNOWN if has_token(pattern + arn) else NO
    return every(matches(part, one) for part, one in zip(wanted, given, strict=True))
