"""The table of causes as a document: `make schema` writes docs/causes.md from it."""

from rds_login.cause_table import CAUSES, STEPS

_HEAD = """\
# Why a login fails

Made by `make schema` from `lambda/rds_login/cause_table.py`, from which the DAG
`connection_doctor`, `make doctor` and the database users' function speak. The steps stand in the
order in which the doctor asks: what fails at one explains what fails at those below it.
"""


def document() -> str:
    """The table, by step, in Markdown."""
    parts = [_HEAD.rstrip()]
    for step in STEPS:
        parts.append(
            f"\n## {step.capitalize()}\n\n| What it means | What clients say | What helps |"
        )
        parts.append("|---|---|---|")
        for cause in CAUSES.values():
            if cause.step == step:
                said = ", ".join(f"`` {words} ``" for words in cause.clients_say) or "nothing of it"
                parts.append(
                    f"| **{cause.key}**: {cause.means} | {said} | {_sentence(cause.remedy)} |"
                )
    return "\n".join(parts) + "\n"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


if __name__ == "__main__":
    print(document(), end="")
