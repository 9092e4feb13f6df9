import pytest

from airflow_rds_iam.declaration.conflicts import conflicts, own_roles
from airflow_rds_iam.declaration.derived_names import word
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.servers.made_server import MASTER_USER
from database_users.desired import MANAGED
from tests.declared import REMOVED, dev
from tests.existing import OWN_KEY
from tests.kinds import KINDS

DATABASES = "instances.warehouse.databases"
ROLE = "arn:aws:iam::111122223333:role"


def found(changes: dict[str, object], environment: str = "dev") -> list[tuple[str, str]]:
    declaration = Declaration.model_validate(dev(changes))
    return [
        (".".join(map(str, one.path)), one.message)
        for one in conflicts(declaration, environment=environment)
    ]


def test_the_dev_environment_has_none() -> None:
    assert found({}) == []


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        (
            {f"{DATABASES}.orders.read": ["airflow", "stranger"]},
            f"{DATABASES}.orders.read.1",
            "'stranger' is no identity; there are: airflow, shop",
        ),
        (
            {f"{DATABASES}.orders.write": ["shop"]},
            f"{DATABASES}.orders.own.0",
            "'shop' is granted twice on 'orders'; once is allowed",
        ),
        (
            {f"{DATABASES}.orders.own": ["shop", "shop"]},
            f"{DATABASES}.orders.own.1",
            "'shop' is granted twice on 'orders'; once is allowed",
        ),
        (
            {f"{DATABASES}.orders.terms": {"stranger": {"because": "DATA-7"}}},
            f"{DATABASES}.orders.terms.stranger",
            "terms must be of a grant, and 'stranger' has none on 'orders'",
        ),
        ({f"{DATABASES}.orders": {}}, f"{DATABASES}.orders", "'orders' is granted to nobody"),
        (
            {"identities.airflow": {"role_arn": f"{ROLE}/x"}},
            "identities.airflow",
            "'airflow' is Airflow's execution role: not declared",
        ),
        (
            {"identities.shop.role_arn": "arn:aws:iam::444455556666:role/shop"},
            "identities.shop.role_arn",
            "'arn:aws:iam::444455556666:role/shop' must be a role of account 111122223333",
        ),
        (
            {"identities.store": {"role_arn": f"{ROLE}/team/Shop"}},
            "identities.store.role_arn",
            f"'{ROLE}/team/Shop' is the role of 'shop'; each identity needs its own",
        ),
        (
            {"instances.aws": {"databases": {"default": {"read": ["airflow"]}}}},
            "instances.aws.databases.default",
            "Airflow would never look up its connection, 'aws_default'",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(
    changes: dict[str, object], path: str, says: str
) -> None:
    assert (path, says) in [(at, message[: len(says)]) for at, message in found(changes)]


def test_roles_are_of_one_account_even_if_none_is_declared() -> None:
    other = {"role_arn": "arn:aws:iam::444455556666:role/other"}
    [(path, _)] = found({"account": REMOVED, "identities.other": other})
    assert path == "identities.other.role_arn"


@pytest.mark.parametrize(
    "name",
    ["user", "My Sales", "eu-central.sales", "2024", "a.b", "pg_orders", "rdsorders", "d" * 63],
)
def test_a_database_may_be_called_what_people_call_theirs(name: str) -> None:
    databases = {**dev()["instances"]["warehouse"]["databases"], name: {"own": ["shop"]}}
    assert found({DATABASES: databases}) == []


def test_a_name_that_another_databases_word_is_makes_the_same_role() -> None:
    other = word("my-sales")
    changes: dict[str, object] = {
        f"{DATABASES}.{one}": {"own": ["shop"]} for one in ("my-sales", other)
    }
    assert [
        message
        for _, message in found(changes)
        if f"makes the role name '{other}_owner'" in message
    ]


@pytest.mark.parametrize("name", ["postgres", "rdsadmin", "template0", "template1"])
def test_a_database_of_the_server_itself_is_refused(name: str) -> None:
    path = f"{DATABASES}.{name}"
    message = f"{name!r} is a database that every server has of its own"
    assert (path, message) in found({path: {"own": ["shop"]}})


def test_a_login_user_that_rds_reserves_is_refused() -> None:
    identity = {"role_arn": f"{ROLE}/rds"}
    [(path, message)] = found({"identities.rds": identity, f"{DATABASES}.orders.write": ["rds"]})
    assert path == f"{DATABASES}.orders.write"
    assert "'rds' on 'orders' makes the role name 'rds_orders_write'" in message


def test_a_login_user_of_63_bytes_is_the_longest() -> None:
    longest = "i" * (63 - len("_orders_read"))
    for name, count in ((longest, 0), (f"{longest}i", 1)):
        identity = {"role_arn": f"{ROLE}/i"}
        conflicts_of_it = found(
            {f"identities.{name}": identity, f"{DATABASES}.orders.read": [name]}
        )
        assert len(conflicts_of_it) == count


def test_two_grants_that_make_one_login_user_are_refused() -> None:
    changes: dict[str, object] = {
        "identities.a": {"role_arn": f"{ROLE}/a"},
        "identities.a_b": {"role_arn": f"{ROLE}/a_b"},
        f"{DATABASES}.b_c": {"read": ["a"]},
        f"{DATABASES}.c": {"read": ["a_b"]},
    }
    [(path, message)] = found(changes)
    assert path == f"{DATABASES}.c.read"
    assert message == "'a_b' on 'c' makes the role name 'a_b_c_read', as does 'a' on 'b_c'"


def test_two_grants_that_make_one_login_user_on_two_instances_are_fine() -> None:
    changes: dict[str, object] = {
        "identities.a": {"role_arn": f"{ROLE}/a"},
        "identities.a_b": {"role_arn": f"{ROLE}/a_b"},
        f"{DATABASES}.b_c": {"read": ["a"]},
        "instances.lake": {"databases": {"c": {"read": ["a_b"]}}},
    }
    assert found(changes) == []


@pytest.mark.parametrize("environment", ["Dev", "my_dev", "1dev", "dev-", "a--b", "dev.1"])
def test_a_file_name_that_cannot_name_an_environment_is_refused(environment: str) -> None:
    [(path, message)] = found({}, environment)
    assert path == ""
    assert message.startswith(f"the file's name, {environment!r}, names the environment: must be ")


def test_two_instances_that_differ_by_hyphens_alone_are_refused() -> None:
    [(path, message)] = found({"instances.ware-house": {"databases": {"x": {"own": ["shop"]}}}})
    assert path == "instances.ware-house"
    assert message.startswith("'ware-house' is 'warehouse' but for hyphens")


def test_an_instance_identifier_of_63_characters_is_the_longest() -> None:
    environment = "e" * (63 - len("-warehouse"))
    assert found({}, environment) == []
    [(path, message)] = found({}, f"{environment}e")
    assert path == "instances.warehouse"
    assert message.endswith("ee-warehouse'; RDS allows 63 characters")


SAML = "arn:aws:iam::111122223333:saml-provider/okta"


def grants_to(identity: str, count: int) -> dict[str, object]:
    return {f"{DATABASES}.d{number}": {"read": [identity]} for number in range(count)}


def test_a_role_with_more_managed_policies_than_its_quota_is_refused() -> None:
    assert found(grants_to("shop", 7)) == []
    assert found(grants_to("shop", 8)) == [
        (
            "identities.shop",
            "11 databases need 11 managed policies, and its role may have 10: declare policies: "
            "packed, which needs 1",
        )
    ]
    assert found({**grants_to("shop", 8), "managed_policies_per_role": 11}) == []
    assert found({**grants_to("shop", 8), "identities.shop.policies": "packed"}) == []


def test_the_policies_that_a_role_has_anyway_are_counted() -> None:
    assert found({**grants_to("shop", 3), "identities.shop.other_policies": 4}) == []
    [(path, message)] = found({**grants_to("shop", 4), "identities.shop.other_policies": 4})
    assert path == "identities.shop"
    assert message.startswith(
        "7 databases need 7 managed policies, and its role may have 6 besides the 4 that it has: "
    )


RAISED = "have the quota raised, and declare managed_policies_per_role"


def test_packed_policies_are_counted_too() -> None:
    packed = {"identities.shop.policies": "packed"}
    assert found({**grants_to("shop", 150), **packed}) == []
    [(path, message)] = found({**grants_to("shop", 400), **packed})
    assert path == "identities.shop"
    assert message.endswith(f"and its role may have 10: {RAISED}")


@pytest.mark.parametrize(
    ("count", "other_policies", "quota", "says"),
    [
        (300, 0, 10, f"declare policies: packed, which needs 14, and {RAISED}"),
        (10, 10, 10, f"may have 0 besides the 10 that it has: declare policies: packed, which "
         f"needs 1, and {RAISED}"),
        (10, 19, 10, f"may have 0 besides the 19 that it has: declare policies: packed, which "
         f"needs 1, and {RAISED}"),
        (100, 19, 20, "packed, which needs 5, and grant some to another identity, as IAM allows "
         "20 at most"),
    ],
)  # fmt: skip
def test_what_is_advised_at_a_quota_is_enough(
    count: int, other_policies: int, quota: int, says: str
) -> None:
    [(path, message)] = found(
        {
            **grants_to("shop", count),
            "identities.shop.other_policies": other_policies,
            "managed_policies_per_role": quota,
        }
    )
    assert path == "identities.shop"
    assert message.endswith(says)


def test_no_more_is_advised_than_iam_allows() -> None:
    most = {"managed_policies_per_role": 20, "identities.shop.policies": "packed"}
    [(_, message)] = found({**grants_to("shop", 500), **most})
    assert message.endswith("grant some to another identity, as IAM allows 20 at most")
    [(_, message)] = found({**grants_to("airflow", 500), **most, "airflow.policies": "packed"})
    assert message.endswith("grant some to another identity, as IAM allows 20 at most")


def subjects(count: int, **more: object) -> dict[str, object]:
    people = {"subjects": [f"ann{number:02}@example.com" for number in range(count)], **more}
    return {
        "identities.people": {
            "oidc": {"issuer": "https://example.okta.com", "audience": "warehouse", **people}
        }
    }


def test_a_roles_trust_names_no_more_subjects_than_iam_takes() -> None:
    assert found(subjects(30)) == []
    [(path, message)] = found(subjects(40))
    assert path == "identities.people.oidc.subjects"
    assert message == (
        "40 subjects make 2,154 characters of the policy that trusts them with the role; IAM "
        "allows 2,048: declare two identities, or have the quota raised, and declare "
        "trust_policy_characters"
    )
    assert found({**subjects(40), "trust_policy_characters": 4096}) == []
    assert found(subjects(40, source_identity=False)) == []
    staff = {"provider_arn": SAML, "subjects": [f"ann{number:03}" for number in range(500)]}
    [(path, message)] = found({"identities.staff": {"saml": staff}})
    assert path == "identities.staff.saml.subjects"
    assert message.endswith("IAM allows 2,048: declare two identities")


def test_two_identities_are_not_the_same_permission_set() -> None:
    center = {"identity_center": {"permission_set": "Analysts"}}
    other = {"identity_center": {"permission_set": "Admins"}}
    assert found({"identities.one": center, "identities.other": other}) == []
    assert found({"identities.one": center, "identities.other": center}) == [
        (
            "identities.other.identity_center.permission_set",
            "'Analysts' is the permission set of 'one'; each identity needs its own",
        )
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_identities_that_outputs_do_not_tell_apart_are_refused(kind: str) -> None:
    partner, one = KINDS["partner"], KINDS[kind]
    assert found({"identities.a_1": partner, "identities.a_2": one}) == []
    assert found({"identities.a_1": partner, "identities.a1": one}) == [
        (
            "identities.a1",
            "'a1' is 'a_1' but for underscores, which outputs have not: rename it",
        )
    ]


GITHUB = {"delivery.github": {"repository": "octo-org/octo-repo"}}


def job(**more: str) -> dict[str, object]:
    of = {
        "issuer": "https://token.actions.githubusercontent.com",
        "audience": "sts.amazonaws.com",
        "subjects": ["repo:octo-org/octo-repo:ref:refs/heads/main"],
    }
    return {"identities.job": {"oidc": {**of, "source_identity": False, **more}}}


@pytest.mark.parametrize(
    ("more", "path", "says"),
    [
        ({"provider": "made"}, "provider", "is made by delivery: declare provider: existing"),
        ({"audience": "warehouse"}, "audience", "takes tokens for sts.amazonaws.com alone"),
    ],
)
def test_the_provider_of_pipelines_is_made_once_and_for_their_audience(
    more: dict[str, str], path: str, says: str
) -> None:
    assert found({**GITHUB, **job()}) == []
    assert found(job(**more)) == []
    [(found_at, message)] = found({**GITHUB, **job(**more)})
    assert found_at == f"identities.job.oidc.{path}"
    assert says in message


def test_two_identities_are_not_the_same_pods() -> None:
    pods = {"kubernetes": {"namespace": "etl", "service_account": "etl", "cluster": "batch"}}
    issuer = {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C"}
    irsa = {"kubernetes": {"namespace": "etl", "service_account": "etl", **issuer}}
    assert found({"identities.one": pods, "identities.other": irsa}) == []
    assert found({"identities.one": pods, "identities.other": pods}) == [
        (
            "identities.other.kubernetes.service_account",
            "'etl/etl' of cluster batch is 'one'; EKS has one role each",
        )
    ]


def test_identities_of_other_accounts_are_declared_as_such_and_those_of_this_one_as_roles() -> None:
    here = {
        "other_account": {
            "role_arn": "arn:aws:iam::111122223333:role/etl",
            "external_id": "agreed",
        }
    }
    [(path, message)] = found({"identities.etl": here})
    assert path == "identities.etl.other_account.role_arn"
    assert message.endswith("is a role of this account: declare it as role_arn")
    elsewhere = {
        "saml": {
            "provider_arn": "arn:aws:iam::444455556666:saml-provider/okta",
            "subjects": ["ann@example.com"],
        }
    }
    [(path, message)] = found({"identities.etl": elsewhere})
    assert path == "identities.etl.saml.provider_arn"
    assert message.endswith("must be a provider of account 111122223333")


def test_the_name_of_a_role_that_is_made_is_no_longer_than_iams() -> None:
    other = {
        "other_account": {
            "role_arn": "arn:aws:iam::444455556666:role/etl",
            "external_id": "agreed",
        }
    }
    assert found({f"identities.{'e' * 60}": other}) == []
    long = "e" * 61
    [(path, message)] = found({f"identities.{long}": other})
    assert path == f"identities.{long}"
    assert message == f"makes the role 'dev-{long}'; IAM allows 64 characters"


def test_a_permission_set_has_one_policy_and_no_more_databases_than_it_takes() -> None:
    center = {
        "identities.shop.role_arn": REMOVED,
        "identities.shop.identity_center": {"permission_set": "Shop"},
    }
    assert found({**grants_to("shop", 20), **center}) == []
    [(path, message)] = found({**grants_to("shop", 40), **center})
    assert path == "identities.shop"
    assert "of the one policy that a permission set refers to; IAM allows 6,144" in message


def test_airflows_databases_are_as_many_as_the_inline_policies_of_its_role_take() -> None:
    assert found(grants_to("airflow", 36)) == []
    [(path, message)] = found(grants_to("airflow", 45))
    assert path == "airflow"
    assert message.startswith("47 databases for Airflow make ")
    assert "IAM allows 10,240: declare airflow.policies: packed, which needs 4 managed" in message


def test_airflows_connections_are_as_many_as_the_policy_that_looks_them_up_takes() -> None:
    assert found({**grants_to("airflow", 30), "airflow.name": "a" * 80}) == []
    [(path, message)] = found({**grants_to("airflow", 31), "airflow.name": "a" * 80})
    assert path == "airflow"
    assert "characters of the policy that looks its connections up; IAM allows 6,144" in message


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"airflow.replaces": "dev"}, "airflow.replaces", "'dev' is this environment's own name"),
        (
            {"airflow.key": OWN_KEY.replace("111122223333", "444455556666")},
            "airflow.key",
            "must be a key of account 111122223333, as its environment is",
        ),
    ],
)
def test_what_a_new_environment_could_not_have_is_refused(
    changes: dict[str, object], path: str, says: str
) -> None:
    [(found_at, message)] = found(changes)
    assert found_at == path
    assert says in message


def test_airflows_packed_logins_are_as_many_as_its_role_takes_managed_policies() -> None:
    packed = {"airflow.policies": "packed"}
    assert found({**grants_to("airflow", 45), **packed}) == []
    [(path, message)] = found({**grants_to("airflow", 298), **packed})
    assert path == "airflow.policies"
    assert message.startswith("300 databases for Airflow need ")
    assert "one of them while another changes, and its role may have 10: have the quota" in message
    assert found({**grants_to("airflow", 298), **packed, "managed_policies_per_role": 20}) == []


def test_the_policies_that_an_existing_airflows_role_has_anyway_are_counted() -> None:
    existing: dict[str, object] = {
        "airflow": {
            "existing": {
                "role_arn": f"{ROLE}/airflow",
                "security_group": "sg-0123456789abcdef0",
                "authorities": "/etc/rds.pem",
            },
            "policies": "packed",
            "other_policies": 9,
        }
    }
    [(path, message)] = found(existing)
    assert path == "airflow.policies"
    assert "and its role may have 1 besides the 9 that it has" in message


PUBLIC: dict[str, object] = {"airflow.web_server_access": "public"}


def test_a_public_web_server_that_tasks_of_airflow_3_have_no_way_to_is_refused() -> None:
    [(path, message)] = found(PUBLIC)
    assert path == "airflow.web_server_access"
    assert message.endswith("possible are 'public_and_private', 'private', or egress: nat")
    [(_, message)] = found({**PUBLIC, "airflow.version": "3.0.6"})
    assert message.endswith("possible are 'private', or egress: nat")


@pytest.mark.parametrize(
    "changes",
    [
        {"network.egress": "nat"},
        {"airflow.version": "2.11.2"},
        {"airflow.web_server_access": "public_and_private"},
    ],
)
def test_a_public_web_server_that_tasks_have_a_way_to_is_taken(changes: dict[str, object]) -> None:
    assert found({**PUBLIC, **changes}) == []


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("orders_owner", "'orders_owner' is a role of database 'orders', and keeps what it owns"),
        ("shop_orders_own", "'shop_orders_own' is a role of 'shop' on 'orders', and keeps"),
        ("rds_superuser", "'rds_superuser' is PostgreSQL's or RDS's own role"),
        ("rdsadmin", "'rdsadmin' is PostgreSQL's or RDS's own role"),
        ("pg_database_owner", "'pg_database_owner' is PostgreSQL's or RDS's own role"),
        ("administrator", "'administrator' is a role that the function itself works with"),
        ("airflow_rds_iam", "'airflow_rds_iam' is a role that the function itself works with"),
    ],
)
def test_nobody_is_an_old_owner_who_keeps_what_it_owns(role: str, says: str) -> None:
    other = {"own": ["shop"], "adopt": True, "old_owners": ["legacy", role]}
    ((path, message),) = found({f"{DATABASES}.other": other})
    assert path == f"{DATABASES}.other.old_owners.1"
    assert message.startswith(says)


def test_the_roles_that_the_function_works_with_are_those_of_the_function() -> None:
    [instance] = Declaration.model_validate(dev()).instances.values()
    assert set(own_roles(instance)) == {MASTER_USER, MANAGED}
