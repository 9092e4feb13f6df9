"""Airflow's access to a database of an instance that exists, in an application of your own."""

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from airflow_rds_iam.access.database_users import DatabaseUsers
from airflow_rds_iam.access.desired_database import DesiredDatabase
from airflow_rds_iam.keys import log_key
from airflow_rds_iam.network.existing_network import ExistingNetwork
from airflow_rds_iam.servers.existing_instance import ExistingInstance

app = App()
env = Environment(account="111122223333", region="eu-central-1")
stack = Stack(app, "orders-access", env=env)
zones = {"eu-central-1a": "subnet-0a1b2c3d", "eu-central-1b": "subnet-1b2c3d4e"}
network = ExistingNetwork(stack, "Network", vpc_id="vpc-0a1b2c3d", subnets=zones, airflows=())
instance = ExistingInstance(
    stack, "Instance", identifier="orders", host="orders.abc.eu-central-1.rds.amazonaws.com",
    port=5432, resource_id="db-ABCDEFGHIJKLMNOPQRSTUVWXYZ", security_group_id="sg-0a1b2c3d",
    administrator="iam_admin",
)  # fmt: skip
group = ec2.SecurityGroup(stack, "Function", vpc=network.vpc, allow_all_outbound=False)
group.connections.allow_to_default_port(instance)
orders = DesiredDatabase(
    name="orders", owner="orders_owner", writer="orders_writer", reader="orders_reader",
    read=("airflow_orders_read",),
)  # fmt: skip
DatabaseUsers(
    stack, "Users", instance=instance, databases=[orders], repair="never",
    key=log_key(stack, "LogKey"), vpc=network.vpc, subnets=network.private_subnets,
    security_group=group, nobody_because="an example tells nobody",
)  # fmt: skip
instance.grant_connect(
    iam.Role.from_role_name(stack, "Airflow", "airflow"), user="airflow_orders_read"
)
app.synth()
