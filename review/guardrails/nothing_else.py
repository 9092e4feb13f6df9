"""Every resource is of a type, and has properties, that this application is known to make."""

from collections.abc import Iterator
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.guardrails.tls import PARAMETER_GROUPS

# What the constructs set. Who adds something else has it read by itself: nothing here knows it.
MADE = {
    "AWS::CDK::Metadata": "Analytics",
    "AWS::CloudFormation::Stack": "Parameters Tags TemplateURL",
    "AWS::CloudWatch::Alarm": (
        "AlarmActions AlarmDescription ComparisonOperator Dimensions EvaluationPeriods "
        "MetricName Metrics Namespace OKActions Period Statistic Tags Threshold "
        "TreatMissingData WarmUpConfiguration"
    ),
    "AWS::CloudWatch::Dashboard": "DashboardBody DashboardName Tags",
    "AWS::EC2::EIP": "Domain Tags",
    "AWS::EC2::FlowLog": (
        "DeliverLogsPermissionArn LogDestinationType LogGroupName ResourceId ResourceType "
        "Tags TrafficType"
    ),
    "AWS::EC2::InternetGateway": "Tags",
    "AWS::EC2::NatGateway": "AllocationId SubnetId Tags",
    "AWS::EC2::Route": "DestinationCidrBlock GatewayId NatGatewayId RouteTableId",
    "AWS::EC2::RouteTable": "Tags VpcId",
    "AWS::EC2::SecurityGroup": (
        "GroupDescription SecurityGroupEgress SecurityGroupIngress Tags VpcId"
    ),
    "AWS::EC2::SecurityGroupEgress": (
        "Description DestinationSecurityGroupId FromPort GroupId IpProtocol ToPort"
    ),
    "AWS::EC2::SecurityGroupIngress": (
        "CidrIp Description FromPort GroupId IpProtocol SourcePrefixListId "
        "SourceSecurityGroupId ToPort"
    ),
    "AWS::EC2::Subnet": "AvailabilityZone CidrBlock MapPublicIpOnLaunch Tags VpcId",
    "AWS::EC2::SubnetRouteTableAssociation": "RouteTableId SubnetId",
    "AWS::EC2::VPC": "CidrBlock EnableDnsHostnames EnableDnsSupport InstanceTenancy Tags",
    "AWS::EC2::VPCEndpoint": (
        "PrivateDnsEnabled RouteTableIds SecurityGroupIds ServiceName SubnetIds Tags "
        "VpcEndpointType VpcId"
    ),
    "AWS::EC2::VPCGatewayAttachment": "InternetGatewayId VpcId",
    "AWS::EKS::PodIdentityAssociation": "ClusterName Namespace RoleArn ServiceAccount Tags",
    "AWS::IAM::ManagedPolicy": "Description ManagedPolicyName Path PolicyDocument Roles",
    "AWS::IAM::OIDCProvider": "ClientIdList Tags Url",
    "AWS::IAM::Policy": "PolicyDocument PolicyName Roles",
    "AWS::IAM::Role": (
        "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration "
        "PermissionsBoundary Policies RoleName Tags"
    ),
    "AWS::IAM::SAMLProvider": "Name SamlMetadataDocument Tags",
    "AWS::KMS::Key": "Description EnableKeyRotation KeyPolicy Tags",
    "AWS::Lambda::Function": (
        "Architectures Code Description Environment Handler LoggingConfig MemorySize Role "
        "Runtime Tags Timeout VpcConfig"
    ),
    "AWS::Logs::LogGroup": "KmsKeyId LogGroupName RetentionInDays Tags",
    "AWS::Logs::MetricFilter": "FilterPattern LogGroupName MetricTransformations",
    "AWS::Logs::QueryDefinition": "LogGroupNames Name QueryString",
    "AWS::MWAA::Environment": (
        "AirflowConfigurationOptions AirflowVersion DagS3Path EnvironmentClass "
        "ExecutionRoleArn KmsKey LoggingConfiguration MaxWebservers MaxWorkers MinWebservers "
        "MinWorkers Name NetworkConfiguration PluginsS3ObjectVersion PluginsS3Path "
        "RequirementsS3ObjectVersion RequirementsS3Path Schedulers SourceBucketArn "
        "StartupScriptS3ObjectVersion StartupScriptS3Path Tags WebserverAccessMode "
        "WeeklyMaintenanceWindowStart WorkerReplacementStrategy"
    ),
    "AWS::RDS::DBCluster": (
        "BackupRetentionPeriod CopyTagsToSnapshot DBClusterIdentifier DBClusterParameterGroupName "
        "DBSubnetGroupName DeleteAutomatedBackups DeletionProtection EnableCloudwatchLogsExports "
        "EnableIAMDatabaseAuthentication Engine EngineVersion KmsKeyId "
        "MasterUserAuthenticationType MasterUsername Port ServerlessV2ScalingConfiguration "
        "StorageEncrypted Tags VpcSecurityGroupIds"
    ),
    "AWS::RDS::DBClusterParameterGroup": "Description Family Parameters Tags",
    "AWS::RDS::DBInstance": (
        "AllocatedStorage AllowMajorVersionUpgrade AutoMinorVersionUpgrade "
        "BackupRetentionPeriod CopyTagsToSnapshot DBClusterIdentifier DBInstanceClass "
        "DBInstanceIdentifier DBParameterGroupName DBSubnetGroupName DeleteAutomatedBackups "
        "DeletionProtection "
        "EnableCloudwatchLogsExports EnableIAMDatabaseAuthentication "
        "EnablePerformanceInsights Engine EngineVersion KmsKeyId MasterUserAuthenticationType "
        "MasterUsername MaxAllocatedStorage MonitoringInterval MonitoringRoleArn MultiAZ "
        "PerformanceInsightsKMSKeyId Port PromotionTier PubliclyAccessible StorageEncrypted "
        "StorageType "
        "Tags VPCSecurityGroups"
    ),
    "AWS::RDS::DBParameterGroup": "Description Family Parameters Tags",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupDescription SubnetIds Tags",
    "AWS::S3::Bucket": (
        "BucketEncryption LifecycleConfiguration LoggingConfiguration OwnershipControls "
        "PublicAccessBlockConfiguration Tags VersioningConfiguration"
    ),
    "AWS::S3::BucketPolicy": "Bucket PolicyDocument",
    "AWS::Scheduler::Schedule": "Description FlexibleTimeWindow ScheduleExpression Target",
    "AWS::SecretsManager::Secret": "Description Name SecretString Tags",
}

# Parameters of PostgreSQL that are set, of a group's.
PARAMETERS = (
    "log_connections log_disconnections log_parameter_max_length log_parameter_max_length_on_error "
    "log_statement rds.force_ssl"
)

# What nothing here makes, and other rules or paths read whole.
READ = {
    f"AWS::{one}"
    for one in (
        "IAM::Group",
        "IAM::GroupPolicy",
        "IAM::RolePolicy",
        "IAM::User",
        "IAM::UserPolicy",
        "IAM::UserToGroupAddition",
        "Lambda::Permission",
        "S3::AccessPoint",
        "SNS::Topic",
        "SNS::TopicPolicy",
        "SQS::Queue",
        "SQS::QueuePolicy",
        "SecretsManager::ResourcePolicy",
    )
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each other resource, and each other property."""
    for one in subject.access.assembly.resources:
        if not one.type.startswith("AWS::") or one.type in READ:
            continue
        made = MADE.get(one.type)
        if made is None:
            yield Violation(
                message=f"{one.place} is an {one.type}, which the review cannot read: read it "
                "by itself",
                resource=one,
                level="warning",
            )
            continue
        others = {*one.properties} - {*made.split()}
        if "Parameters" in made and one.type in PARAMETER_GROUPS:
            given: Any = one.properties.get("Parameters")
            others |= (
                {*given} - {*PARAMETERS.split()} if isinstance(given, dict) else {"Parameters"}
            )
        for name in sorted(others):
            yield Violation(
                message=f"{one.place} has {name}, which the review cannot read: read it by itself",
                resource=one,
                level="warning",
            )
