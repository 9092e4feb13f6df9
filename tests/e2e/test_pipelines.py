"""The steps of the workflows, run as they stand in a clone, with a local account to deploy to."""

import shutil
import subprocess
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from proof.account import Account, started_account
from proof.programs import environment
from tests.application import ROOT
from tests.github_server import NAME, TOKEN, GitHub, served
from tests.workflows import Step, gitlab_job, steps

REPOSITORY = "octo-org@123456/it@456789"
PROJECT = "group/it"
DEV = "environments/dev.yaml"
SECONDS = 900


@dataclass(frozen=True)
class Clone:
    """A repository made from this one."""

    folder: Path

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        command = ["git", *who, *arguments]
        ran = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def commit(self, branch: str, file: str, content: str) -> str:
        """A commit on ``branch`` that changes a file; the commit's id."""
        self.git("checkout", "--quiet", "-B", branch)
        (self.folder / file).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", f"Change {file}")
        return self.git("rev-parse", "HEAD")

    def run(
        self, step: Step, context: Mapping[str, str], variables: Mapping[str, str] | None = None
    ) -> str:
        """What a step of GitHub prints; a failure fails the test with it."""
        return self.make(step.job, step.command, {**(variables or {}), **step.given(context)})

    def make(self, job: str, command: str, variables: Mapping[str, str]) -> str:
        """What a command of a job prints, with these variables and no credential of whoever runs
        this; a failure fails the test with it.
        """
        program = shutil.which("bash")
        assert program
        ran = subprocess.run(
            [program, "-e", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert ran.returncode == 0, f"{job}: {command}\n{ran.stdout[-4000:]}"
        return ran.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The working tree's files as the first commit of main."""
    made = Clone(tmp_path_factory.mktemp("clone") / "it")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made.folder / name)
    made.git("init", "--quiet", "--initial-branch", "main")
    declaration = declared(made)
    declaration["delivery"] = {
        "github": {"repository": REPOSITORY, "diff_on_pull_requests": True},
        "gitlab": {"project": PROJECT},
    }
    made.commit("main", DEV, yaml.safe_dump(declaration))
    return made


def declared(clone: Clone) -> dict[str, Any]:
    return yaml.safe_load((clone.folder / DEV).read_text())


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Generator[Account]:
    folder = tmp_path_factory.mktemp("account")
    with started_account(
        folder / "aws", account="111122223333", region="eu-central-1", log=folder / "aws.log"
    ) as running:
        running.make_role("arn:aws:iam::111122223333:role/shop")
        yield running


@pytest.fixture(scope="module")
def delivered(clone: Clone, account: Account) -> dict[str, str]:
    """The roles of pipelines, once a person has begun: README, "Deploy from a pipeline"."""
    variables = account.variables(account.administrator)
    for command in ("make setup", "make bootstrap delivery ENVIRONMENT=dev"):
        clone.make("a person", command, variables)
    [stack] = account.client("cloudformation").describe_stacks(StackName="dev-delivery")["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def session(account: Account, role: str, **claims: str) -> dict[str, str]:
    """The variables that the step which configures credentials leaves for the others."""
    token = account.web_identity_token(
        iss="https://token.actions.githubusercontent.com", aud="sts.amazonaws.com", **claims
    )
    return account.variables(account.assume_by_token(role, token, session="job"))


def deploy(clone: Clone, account: Account, role: str) -> None:
    """The job that deploys dev."""
    subject = f"repo:{REPOSITORY}:environment:dev"
    variables = session(account, role, sub=subject, ref="refs/heads/main")
    for step in steps("deploy.yml", "dev"):
        clone.run(step, {}, variables)


def comment(clone: Clone, *, base: str) -> str:
    """The comment that the steps of a pull request compose, with no credential of AWS."""
    for step in steps("pull-request.yml", "review"):
        clone.run(step, {"github.event.pull_request.base.sha": base})
    return (clone.folder / "build/comment.md").read_text()


def posted(clone: Clone, github: GitHub, commit: str) -> None:
    """What the workflow does that writes the comment, with the artifact at its place."""
    for name in ("cdk.out.dev", "cdk.out.prod"):
        target = clone.folder / "build/review" / name / "review"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(clone.folder / name / "review", target)
    run = "github.event.workflow_run"
    context = {
        "github.token": TOKEN,
        f"{run}.head_repository.owner.login": "stranger",
        f"{run}.head_branch": "more",
        f"{run}.head_sha": commit,
        f"{run}.html_url": "https://github.com/octo-org/it/actions/runs/1",
    }
    for step in steps("comment.yml", "comment"):
        clone.run(step, context, {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": NAME})


def statements(account: Account) -> set[str]:
    """What the policies of the account's own call their statements."""
    iam = account.client("iam")
    found: set[str] = set()
    for one in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=one["Arn"], VersionId=one["DefaultVersionId"])
        document: Any = version["PolicyVersion"]["Document"]
        found |= {statement.get("Sid", "") for statement in document["Statement"]}
    return found


def test_a_branch_that_adds_a_grant_is_told_then_deployed_and_one_that_changes_nothing_is_not(
    clone: Clone, account: Account, delivered: dict[str, str]
) -> None:
    deploy(clone, account, delivered["GitHubDeploysRole"])
    assert "OwnPayrollOnWarehouse" in statements(account)

    base = clone.git("rev-parse", "main")
    changed = declared(clone)
    changed["instances"]["warehouse"]["databases"]["archive"] = {"own": ["shop"]}
    commit = clone.commit("more", DEV, yaml.safe_dump(changed))
    text = comment(clone, base=base)
    assert "## Access: 1 wider · Resources: 1 added, " in text
    assert "- **prod**: access as it was; no resource" in text
    assert "+ shop may own archive (dev-warehouse)" in text
    read = session(
        account,
        delivered["GitHubReadsRole"],
        sub=f"repo:{REPOSITORY}:pull_request",
        ref="refs/pull/1/merge",
    )
    said = [clone.run(step, {}, read) for step in steps("pull-request.yml", "deployed")]
    assert "OwnArchiveOnWarehouse" in said[-1]

    with served() as github:
        github.pages["pulls"] = [[{"number": 7, "head": {"sha": commit}}]]
        github.pages["issues/7/comments"] = [[]]
        clone.git("checkout", "--quiet", "main")
        posted(clone, github, commit)
        [(method, path, body)] = github.written
        assert (method, path) == ("POST", f"/repos/{NAME}/issues/7/comments")
        assert "+ shop may own archive (dev-warehouse)" in body

        clone.git("merge", "--quiet", "more")
        deploy(clone, account, delivered["GitHubDeploysRole"])
        assert "OwnArchiveOnWarehouse" in statements(account)

        # What prod would get is held against the commit that it has.
        output = clone.folder / "build/output"
        summary = clone.folder / "build/summary.md"
        github.pages["deployments"] = [[{"id": 1, "sha": base}]]
        github.pages["deployments/1/statuses"] = [[{"state": "success"}]]
        variables = {
            "GITHUB_API_URL": github.url,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        context = {"github.token": TOKEN, "steps.deployed.outputs.commit": base}
        for step in steps("deploy.yml", "difference"):
            clone.run(step, context, variables)
        assert output.read_text() == f"commit={base}\n"
        assert "## Access: no change" in summary.read_text()

    base = clone.git("rev-parse", "main")
    clone.commit("same", "README.md", "# Another\n")
    assert "## Access: no change · Resources: no change" in comment(clone, base=base)


def on_gitlab(clone: Clone, account: Account, name: str, role: str, **predefined: str) -> None:
    """A job of GitLab, which signs in to the account by itself, with the token that it is given."""
    job = gitlab_job(name)
    region = {"AWS_REGION": account.region, "DEPLOY_ROLE_ARN": role, "CI_JOB_ID": "1"}
    subject = f"project_path:{PROJECT}:ref_type:branch:ref:main"
    claims = {"iss": "https://gitlab.com", "sub": subject, "ref_protected": "true"}
    tokens = {
        variable: account.web_identity_token(aud=audience, **claims)
        for variable, audience in job.tokens.items()
    }
    variables = {**account.settings, **job.given({**region, **predefined}), **tokens}
    for command in job.script:
        clone.make(name, command, variables)


def test_gitlab_tells_and_deploys_a_branch_that_adds_a_grant_and_calls_the_next_no_change(
    clone: Clone, account: Account, delivered: dict[str, str]
) -> None:
    role = delivered["GitLabDeploysRole"]
    told = clone.folder / "build/comment.md"
    clone.git("checkout", "--quiet", "main")
    base = clone.git("rev-parse", "main")
    changed = declared(clone)
    changed["instances"]["warehouse"]["databases"]["ledger"] = {"own": ["shop"]}
    clone.commit("ledger", DEV, yaml.safe_dump(changed))
    on_gitlab(clone, account, "review", role, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert "## Access: 1 wider · Resources: 1 added, " in told.read_text()
    assert "+ shop may own ledger (dev-warehouse)" in told.read_text()

    clone.git("checkout", "--quiet", "main")
    clone.git("merge", "--quiet", "ledger")
    on_gitlab(clone, account, "dev", role)
    assert "OwnLedgerOnWarehouse" in statements(account)
    on_gitlab(clone, account, "difference", role, CI_COMMIT_BEFORE_SHA=base)
    assert "## Access: no change" in told.read_text()

    base = clone.git("rev-parse", "main")
    clone.commit("nothing", "README.md", "# Yet another\n")
    on_gitlab(clone, account, "review", role, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert "## Access: no change · Resources: no change" in told.read_text()
