"""What cfn-lint says of templates."""

from pathlib import Path

# Findings that are right as they are.
IGNORED = [
    "W3005",  # CDK's L2 constructs name a dependency beside the reference that implies it
    "W3010",  # the zones are declared, so that a subnet keeps its zone
    "W3691",  # "17" has RDS choose the minor version; cfn-lint knows versions in full alone
]


def linted(outdir: Path) -> list[str]:
    """Its findings in each template of a folder."""
    import cfnlint.api  # pyright: ignore[reportMissingTypeStubs]
    from cfnlint.config import ManualArgs  # pyright: ignore[reportMissingTypeStubs]

    config = ManualArgs(regions=["eu-central-1"], ignore_checks=IGNORED)
    return [
        f"{file.name}: {match}"
        for file in sorted(outdir.glob("*.template.json"))
        for match in cfnlint.api.lint(file.read_text(), config=config)
    ]
