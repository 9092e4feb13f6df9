"""Actions that write or permit and are no way to a grant, by why they are none."""

TAKES_AWAY = "takes away, or puts off, and gives nobody anything"
OTHER_ENGINES = "of another engine, or of a kind of server that takes no part here"
SAME_USERS = "whoever logs in there has the same users, and needs the same grant"
LOGGED_IN = "serves who is logged in already, as far as the grant goes"
WEAKENS = (
    "weakens or silences what guards or records, and gives nobody a grant: what is deployed of it, "
    "guardrails ask"
)
MOVES = "moves resources from one stack to another, and changes nothing of them"
GIVES_BACK = "gives back what somebody had, whom it does not choose"
HEARS = "tells more people of alarms, or fewer, and of no data"
ANOTHER_CLUSTER = "of another cluster, which no trust names, or of its machines alone"
A_PART = "a part of ways that are named, each with the action that reads, shares or runs"
KEYS = "a key opens nothing by itself: what it encrypts is read by an action of its own"
SETTINGS = "a setting or a description, of no code and of nobody's access"
WRITES_LINES = "writes lines, results or events, and reads none of a server's"
NO_PASSWORD = "logs in with a password, which no user here has; a master user's is a way of its own"
OWN_ONLY = "gives a session, or a token, of what the asker is already"
OLD_ONLY = "brings back what was deployed before, and nothing of the asker's choice"
NO_SUCH_PART = "of a part of the service that nothing here has"
ORGANISATION = "of an organisation's management account, which no template here shows"
SERVICE = "gives a service what AWS itself wrote, and that service alone"
CALLS = "has a function called that needs a permission of its own"
BY_TRUST = "asked of the role's trust, which is read: no permission gives it"
UNUSED = "opens to others what nothing here takes its code, keys or names from"

NO_WAY = {
    "airflow": {
        TAKES_AWAY: "DeleteEnvironment",
        WRITES_LINES: "PublishMetrics",
    },
    "cloudformation": {
        TAKES_AWAY: "CancelResourceRequest CancelUpdateStack DeactivateType DeleteChangeSet "
        "DeleteGeneratedTemplate DeleteResource DeleteStack DeregisterType",
        OLD_ONLY: "ContinueUpdateRollback RollbackStack",
        SETTINGS: "CreateGeneratedTemplate CreateUploadBucket StartResourceScan "
        "UpdateGeneratedTemplate",
        WEAKENS: "SetStackPolicy UpdateTerminationProtection",
        MOVES: "CreateStackRefactor ExecuteStackRefactor",
        NO_SUCH_PART: "ActivateType PublishType RegisterPublisher RegisterType "
        "SetTypeConfiguration SetTypeDefaultVersion TestType",
        WRITES_LINES: "RecordHandlerProgress SignalResource",
        ORGANISATION: "ActivateOrganizationsAccess DeactivateOrganizationsAccess",
    },
    "eks": {
        TAKES_AWAY: "CancelUpdate DeleteAccessEntry DeleteAddon DeleteCapability "
        "DeleteCertificateAuthority DeleteCluster DeleteEksAnywhereSubscription "
        "DeleteFargateProfile DeleteNodegroup DeletePodIdentityAssociation DeregisterCluster "
        "DisassociateAccessPolicy DisassociateIdentityProviderConfig",
        SERVICE: "CreateAddon UpdateAddon",
        ANOTHER_CLUSTER: "CreateCluster CreateEksAnywhereSubscription CreateFargateProfile "
        "RegisterCluster UpdateEksAnywhereSubscription UpdateNodegroupConfig "
        "UpdateNodegroupVersion",
        WEAKENS: "UpdateClusterConfig",
        SETTINGS: "AssociateEncryptionConfig StartInsightsRefresh UpdateClusterVersion",
        # A new one is trusted once the cluster's own identity documents are replaced by it.
        A_PART: "ActivateCertificateAuthority CreateCertificateAuthority",
    },
    # Nothing here has a rule, a bus or a destination: a rule that calls needs a permission.
    "events": {
        TAKES_AWAY: "CancelReplay DeactivateEventSource DeauthorizeConnection "
        "DeleteApiDestination DeleteArchive DeleteConnection DeleteEndpoint DeleteEventBus "
        "DeleteEventSource DeletePartnerEventSource DeleteResourcePolicy DeleteRule "
        "DeleteSubscriber DisableRule RemovePermission RemoveTargets RevokeResource",
        CALLS: "EnableRule InvokeApiDestination PutEvents PutPartnerEvents PutRawEvents "
        "StartReplay",
        NO_SUCH_PART: "ActivateEventSource AllowVendedLogDeliveryForResource CreateApiDestination "
        "CreateArchive CreateConnection CreateEndpoint CreateEventBus CreateEventSource "
        "CreatePartnerEventSource CreateSubscriber PutPermission PutResourcePolicy "
        "RetrieveConnectionCredentials UpdateApiDestination UpdateArchive UpdateConnection "
        "UpdateEndpoint UpdateEventBus UpdateEventSource UpdateSubscriber",
    },
    "iam": {
        TAKES_AWAY: "DeactivateMFADevice DeleteAccessKey DeleteAccountAlias "
        "DeleteAccountPasswordPolicy DeleteCloudFrontPublicKey DeleteGroup DeleteInstanceProfile "
        "DeleteLoginProfile DeletePolicy DeletePolicyVersion DeleteRole DeleteSSHPublicKey "
        "DeleteServiceLinkedRole DeleteServiceSpecificCredential DeleteSigningCertificate "
        "DeleteUser RemoveClientIDFromOpenIDConnectProvider",
        A_PART: "CreateGroup CreateInstanceProfile CreatePolicy",
        SETTINGS: "CreateAccountAlias DisableOutboundWebIdentityFederation EnableMFADevice "
        "EnableOutboundWebIdentityFederation PutAccountProperties ResyncMFADevice "
        "SetSTSRegionalEndpointStatus SetSecurityTokenServicePreferences "
        "UpdateAccountEmailAddress UpdateAccountName UpdateAccountPasswordPolicy UpdateGroup "
        "UpdateRole UpdateRoleDescription UpdateUser",
        GIVES_BACK: "UpdateAccessKey",
        OWN_ONLY: "ChangePassword",
        SERVICE: "CreateServiceLinkedRole",
        NO_SUCH_PART: "CreateServiceSpecificCredential ResetServiceSpecificCredential "
        "UpdateCloudFrontPublicKey UpdateSSHPublicKey UpdateServiceSpecificCredential "
        "UpdateSigningCertificate UploadCloudFrontPublicKey UploadSSHPublicKey "
        "UploadSigningCertificate",
        BY_TRUST: "AddClientIDToOpenIDConnectProvider",
        ORGANISATION: "DisableOrganizationsRootCredentialsManagement "
        "DisableOrganizationsRootSessions EnableOrganizationsRootCredentialsManagement "
        "EnableOrganizationsRootSessions",
    },
    "kms": {
        KEYS: "CreateAlias CreateCustomKeyStore CreateGrant CreateKey Decapsulate Decrypt "
        "DeriveSharedSecret EnableKey EnableKeyRotation Encapsulate Encrypt GenerateDataKey "
        "GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext "
        "GenerateMac GenerateRandom ImportKeyMaterial PutKeyPolicy ReEncryptFrom ReEncryptTo "
        "ReplicateKey RotateKeyOnDemand Sign SynchronizeMultiRegionKey UpdateAlias "
        "UpdateCustomKeyStore UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac",
        TAKES_AWAY: "CancelKeyDeletion ConnectCustomKeyStore DeleteAlias DeleteCustomKeyStore "
        "DeleteImportedKeyMaterial DisableKey DisableKeyRotation DisconnectCustomKeyStore "
        "RetireGrant RevokeGrant ScheduleKeyDeletion",
    },
    "lambda": {
        TAKES_AWAY: "DeleteAlias DeleteFunction DeleteFunctionCodeSigningConfig "
        "DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig DeleteFunctionUrlConfig "
        "DeleteLayerVersion DeleteResourcePolicy DisableReplication RemoveLayerVersionPermission "
        "RemovePermission",
        A_PART: "CreateFunctionUrlConfig CreateMicrovmImage PassNetworkConnector "
        "UpdateFunctionUrlConfig",
        SETTINGS: "CreateCodeSigningConfig PutFunctionCodeSigningConfig PutFunctionConcurrency "
        "PutFunctionRecursionConfig PutFunctionScalingConfig PutRuntimeManagementConfig "
        "UpdateFunctionCodeSigningConfig",
        OLD_ONLY: "CreateAlias PublishVersion UpdateAlias",
        CALLS: "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
        NO_SUCH_PART: "ConnectMicrovm EnableReplication",
        UNUSED: "AddLayerVersionPermission",
    },
    "logs": {
        TAKES_AWAY: "CancelExportTask CancelImportTask DeleteAccountPolicy "
        "DeleteDataProtectionPolicy DeleteIndexPolicy DeleteIntegration DeleteLogDelivery "
        "DeleteLogGroup DeleteLogStream DeleteMetricFilter DeletePipelineRule "
        "DeleteQueryDefinition DeleteResourcePolicy DeleteRetentionPolicy "
        "DeleteSubscriptionFilter DeleteSyslogConfiguration DeleteTransformer "
        "DisassociateKmsKey DisassociateSourceFromS3TableIntegration",
        A_PART: "IntegrateWithDataset IntegrateWithS3Table ProcessWithPipeline PutQueryDefinition",
        SETTINGS: "AssociateKmsKey CreateLogGroup CreateLogStream PutIndexPolicy "
        "PutStorageTierPolicy",
        WEAKENS: "PutDataProtectionPolicy PutLogGroupDeletionProtection PutPipelineRule "
        "PutRetentionPolicy PutTransformer",
        WRITES_LINES: "CallWithBearerToken CreateImportTask CreateLogDelivery "
        "PutBearerTokenAuthentication PutLogEvents PutSyslogConfiguration UpdateLogDelivery",
    },
    "rds": {
        TAKES_AWAY: "CancelExportTask DeleteDBCluster DeleteDBClusterAutomatedBackup "
        "DeleteDBClusterParameterGroup DeleteDBClusterSnapshot DeleteDBInstance "
        "DeleteDBInstanceAutomatedBackup DeleteDBParameterGroup DeleteDBSnapshot "
        "DeleteDBSubnetGroup DeregisterDBProxyTargets DisableHttpEndpoint "
        "RemoveRoleFromDBCluster RemoveRoleFromDBInstance StopActivityStream StopDBCluster "
        "StopDBInstance StopDBInstanceAutomatedBackupsReplication",
        A_PART: "CopyDBClusterSnapshot CopyDBSnapshot CreateDBClusterSnapshot CreateDBSnapshot "
        "CrossRegionCommunication ModifyActivityStream PromoteReadReplica "
        "PromoteReadReplicaDBCluster StartDBInstanceAutomatedBackupsReplication",
        LOGGED_IN: "AddRoleToDBCluster AddRoleToDBInstance",
        SAME_USERS: "CreateDBClusterEndpoint "
        "CreateDBInstance FailoverDBCluster FailoverGlobalCluster RebootDBCluster "
        "RebootDBInstance StartDBCluster StartDBInstance SwitchoverGlobalCluster "
        "SwitchoverReadReplica",
        SETTINGS: "ApplyPendingMaintenanceAction CopyDBClusterParameterGroup "
        "CopyDBParameterGroup CreateDBClusterParameterGroup CreateDBParameterGroup "
        "CreateDBSubnetGroup ModifyCurrentDBClusterCapacity ModifyDBRecommendation "
        "ModifyDBSnapshot ModifyRecommendation",
        # No parameter lets anybody log in; some leave out TLS, or statements from the log.
        WEAKENS: "ModifyCertificates ModifyDBClusterParameterGroup ModifyDBParameterGroup "
        "ModifyDBSubnetGroup ResetDBClusterParameterGroup ResetDBParameterGroup",
        NO_PASSWORD: "EnableHttpEndpoint",
        OTHER_ENGINES: "BacktrackDBCluster CreateDBShardGroup "
        "CreateTenantDatabase DeleteTenantDatabase ModifyTenantDatabase RestoreDBClusterFromS3 "
        "RestoreDBInstanceFromS3",
    },
    "rds-data": {
        NO_PASSWORD: "BatchExecuteStatement BeginTransaction CommitTransaction ExecuteSql "
        "ExecuteStatement RollbackTransaction",
    },
    "s3": {
        TAKES_AWAY: "AbortMultipartUpload DeleteBucket "
        "DeleteBucketMetadataTableConfiguration "
        "DeleteBucketPolicy DeleteBucketWebsite DeleteObjectAnnotation "
        "DeleteObjectVersionAnnotation PauseReplication "
        "PutObjectLegalHold PutObjectRetention BypassGovernanceRetention",
        OLD_ONLY: "DeleteObject DeleteObjectVersion ReplicateDelete RestoreObject",
        A_PART: "InitiateReplication ObjectOwnerOverrideToBucketOwner "
        "PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutBucketPublicAccessBlock "
        "PutObjectAcl PutObjectVersionAcl",
        WEAKENS: "PutBucketLogging PutBucketObjectLockConfiguration PutBucketVersioning "
        "PutEncryptionConfiguration PutLifecycleConfiguration",
        SETTINGS: "CreateBucketMetadataTableConfiguration CreateStorageLensGroup "
        "PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketCORS "
        "PutBucketNotification "
        "PutBucketRequestPayment PutBucketWebsite "
        "PutIntelligentTieringConfiguration "
        "PutInventoryConfiguration PutMetricsConfiguration "
        "PutObjectAnnotation PutObjectVersionAnnotation PutReplicationConfiguration "
        "PutStorageLensConfiguration ReplicateObjectAnnotation "
        "UpdateBucketMetadataAnnotationTableConfiguration "
        "UpdateBucketMetadataInventoryTableConfiguration "
        "UpdateBucketMetadataJournalTableConfiguration UpdateObjectEncryption",
        UNUSED: "CreateBucket",
    },
    "scheduler": {TAKES_AWAY: "DeleteSchedule"},
    "secretsmanager": {
        TAKES_AWAY: "CancelRotateSecret DeleteResourcePolicy RemoveRegionsFromReplication "
        "StopReplicationToReplica",
        OLD_ONLY: "RestoreSecret UpdateSecretVersionStage",
        SETTINGS: "ReplicateSecretToRegions ValidateResourcePolicy",
        CALLS: "RotateSecret",
    },
    "sns": {
        WRITES_LINES: "Publish",
        NO_SUCH_PART: "CreatePlatformApplication CreatePlatformEndpoint "
        "CreateSMSSandboxPhoneNumber DeleteEndpoint DeletePlatformApplication "
        "DeleteSMSSandboxPhoneNumber OptInPhoneNumber SetEndpointAttributes "
        "SetPlatformApplicationAttributes SetSMSAttributes VerifySMSSandboxPhoneNumber",
        TAKES_AWAY: "DeleteTopic RemovePermission Unsubscribe",
        HEARS: "AddPermission ConfirmSubscription CreateTopic PutDataProtectionPolicy "
        "SetSubscriptionAttributes SetTopicAttributes Subscribe",
    },
    "sts": {
        OWN_ONLY: "DecodeAuthorizationMessage GetDelegatedAccessToken GetFederationToken "
        "GetWebIdentityToken",
        BY_TRUST: "AssumeRoleWithSAML SetContext SetSourceIdentity",
        ORGANISATION: "AssumeRoot",
    },
}  # fmt: skip
