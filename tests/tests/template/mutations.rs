//! Safeguards taken away one at a time: file, what stands there, what it becomes.

const ROOT: &str = "template.yaml";
const DATA: &str = "infra/data.yaml";
const EDGE: &str = "infra/edge.yaml";
const ROLES: &str = "infra/policies/roles.yaml";
const MONITORING: &str = "infra/monitoring.yaml";

pub(crate) const MUTATIONS: &[(&str, &str, &str)] = &[
    (
        DATA,
        "PointInTimeRecoveryEnabled: true",
        "PointInTimeRecoveryEnabled: false",
    ),
    (
        DATA,
        "      DeletionProtectionEnabled: !Ref DeletionProtection\n",
        "",
    ),
    (DATA, "SSEEnabled: true", "SSEEnabled: false"),
    (DATA, "AttributeName: expires_at", "AttributeName: expires"),
    (DATA, "BlockPublicPolicy: true", "BlockPublicPolicy: false"),
    (DATA, "BucketOwnerEnforced", "ObjectWriter"),
    (
        DATA,
        "VersioningConfiguration: { Status: Enabled }",
        "VersioningConfiguration: { Status: Suspended }",
    ),
    (DATA, "SSEAlgorithm: AES256", "SSEAlgorithm: none"),
    (DATA, "DaysAfterInitiation: 7", "DaysAfterInitiation: 700"),
    (DATA, "NoncurrentDays: 30", "NoncurrentDays: 3000"),
    (
        DATA,
        "aws:SecureTransport: 'false'",
        "aws:SecureTransport: 'true'",
    ),
    (DATA, "s3:TlsVersion: '1.2'", "s3:TlsVersion: '1.0'"),
    (
        EDGE,
        "'${UploadsBucketArn}/*'",
        "'${UploadsBucketArn}/uploads/*'",
    ),
    (
        EDGE,
        "${UploadsBucketArn}/uploads/*/source",
        "${UploadsBucketArn}/*",
    ),
    (EDGE, "MaxTTL: 1\n", "MaxTTL: 86400\n"),
    (EDGE, "MaxTTL: 60\n", "MaxTTL: 3600\n"),
    (EDGE, "MaxTTL: 0\n", "MaxTTL: 60\n"),
    (
        EDGE,
        "Cookies: [reelvault_ticket]",
        "Cookies: [reelvault_ticket, other]",
    ),
    (
        EDGE,
        "QueryStrings: [token]",
        "QueryStrings: [token, other]",
    ),
    (
        EDGE,
        "            FunctionAssociations: [{ EventType: viewer-request, FunctionARN: !GetAtt PathToken.FunctionMetadata.FunctionARN }]\n",
        "",
    ),
    (EDGE, "if (!same(made, parts[4]))", "if (false)"),
    (
        EDGE,
        "- PathPattern: /p/*/keys/*",
        "- PathPattern: /p/keys/*",
    ),
    (EDGE, "ErrorCode: 500", "ErrorCode: 501"),
    (EDGE, "OriginPath: /v1", "OriginPath: ''"),
    (
        "template.yaml",
        "RouteKey: 'POST /v1/playback/{token}/cookies'",
        "RouteKey: '$default'",
    ),
    ("template.yaml", "${MediaApi}/*'", "*'"),
    (
        EDGE,
        "response-content-disposition, response-content-type]",
        "response-content-disposition, response-content-type, versionId]",
    ),
    (
        ROLES,
        "${UploadsBucketArn}/uploads/*/source",
        "${UploadsBucketArn}/uploads/*",
    ),
    (DATA, "AllowedMethods: [PUT]", "AllowedMethods: [PUT, GET]"),
    (
        DATA,
        "AllowedOrigins: !Split [',', !Ref AllowedOrigins]",
        "AllowedOrigins: ['*']",
    ),
    (
        DATA,
        "EventBridgeEnabled: true",
        "EventBridgeEnabled: false",
    ),
    (DATA, "PasswordLength: 64", "PasswordLength: 16"),
    (DATA, "DeletionPolicy: Retain", "DeletionPolicy: Delete"),
    (DATA, "      ObjectLockEnabled: true\n", ""),
    (DATA, "Mode: !Ref AuditLockMode", "Mode: GOVERNANCE"),
    (ROOT, "Default: 365", "Default: 1"),
    (ROOT, "rate(1 minute)", "rate(1 day)"),
    (
        ROLES,
        "'${AuditBucketArn}/audit/*'",
        "'${AuditBucketArn}/*'",
    ),
    (
        ROLES,
        "Action: [dynamodb:Query, dynamodb:GetItem, dynamodb:BatchGetItem]\n                Resource: !Ref AuditTableArn",
        "Action: [dynamodb:Query, dynamodb:DeleteItem]\n                Resource: !Ref AuditTableArn",
    ),
    (
        ROLES,
        "dynamodb:Attributes: [pk, sk, pending, sequence, hash, sealed, last, records, listed]",
        "dynamodb:Attributes: [pk, sk, pending, sequence, hash, sealed, last, records, listed, event]",
    ),
    (
        EDGE,
        "            TrustedKeyGroups: [!Ref UrlSigners]\n",
        "",
    ),
    (
        EDGE,
        "          TrustedKeyGroups: [!Ref UrlSigners]\n          CachePolicyId",
        "          CachePolicyId",
    ),
    (
        EDGE,
        "ViewerProtocolPolicy: https-only",
        "ViewerProtocolPolicy: allow-all",
    ),
    (
        EDGE,
        "MinimumProtocolVersion: TLSv1.2_2021",
        "MinimumProtocolVersion: TLSv1",
    ),
    (
        EDGE,
        "QueryStringBehavior: none",
        "QueryStringBehavior: all",
    ),
    (EDGE, "SigningBehavior: always", "SigningBehavior: never"),
    (EDGE, "FrameOption: DENY", "FrameOption: SAMEORIGIN"),
    (
        EDGE,
        "Items: !Split [',', !Ref AllowedOrigins]",
        "Items: ['*']",
    ),
    (EDGE, "${MediaBucketArn}/media/*", "${MediaBucketArn}/*"),
    (EDGE, "AWS:SourceArn", "AWS:PrincipalArn"),
    (
        EDGE,
        "aws:SecureTransport: 'false'",
        "aws:SecureTransport: 'true'",
    ),
    (
        EDGE,
        "HttpVersion: http2and3\n",
        "HttpVersion: http2and3\n        Logging: { Bucket: logs }\n",
    ),
    (ROLES, "Action: dynamodb:PutItem", "Action: dynamodb:*"),
    (
        ROLES,
        "Action: dynamodb:GetItem",
        "Action: [dynamodb:GetItem, dynamodb:Scan]",
    ),
    (
        ROLES,
        "Resource: !Ref KeysTableArn",
        "Resource: !Ref UsersTableArn",
    ),
    (
        ROLES,
        "'${UploadsBucketArn}/uploads/*'",
        "'${UploadsBucketArn}/*'",
    ),
    (ROLES, "Resource: !Ref DistributionArn", "Resource: '*'"),
    (ROLES, "-deliver-key:*", "-login:*"),
    (
        ROLES,
        "Login: { Value: !GetAtt LoginRole.Arn }",
        "Login: { Value: !GetAtt MintTokenRole.Arn }",
    ),
    (
        ROLES,
        "    Properties:\n",
        "    Properties:\n      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']\n",
    ),
    (
        ROLES,
        "                Condition: { StringLike: { s3:prefix: [media/*, manifests/*] } }\n",
        "",
    ),
    (
        ROOT,
        "KeysTableArn: !GetAtt Data.Outputs.KeysTableArn",
        "KeysTableArn: !GetAtt Data.Outputs.UsersTableArn",
    ),
    (ROOT, "Tracing: Active", "Tracing: PassThrough"),
    (ROOT, "      RetentionInDays: !Ref LogRetentionDays\n", ""),
    (
        ROOT,
        "Role: !GetAtt Roles.Outputs.Login",
        "Role: !GetAtt Roles.Outputs.DeliverKey",
    ),
    (
        ROOT,
        "TOKEN_SIGNING_SECRET: !Ref TokenSigningSecretArn",
        "TOKEN_SIGNING_SECRET: '{{resolve:secretsmanager:token}}'",
    ),
    (
        ROOT,
        "          LIMITS_TABLE: !GetAtt Data.Outputs.LimitsTable\n",
        "",
    ),
    (
        ROOT,
        "          DISTRIBUTION_ID:",
        "          ALSO: one\n          DISTRIBUTION_ID:",
    ),
    (ROOT, "$context.routeKey", "$context.path"),
    (
        ROOT,
        "AllowOrigins: !Split [',', !Ref AllowedOrigins]",
        "AllowOrigins: ['*']",
    ),
    (
        ROOT,
        "Path: '/v1/uploads/{asset_id}/parts'",
        "Path: '/v1/uploads/{asset_id}/part'",
    ),
    (
        ROOT,
        "FunctionResponseTypes: [ReportBatchItemFailures]",
        "FunctionResponseTypes: []",
    ),
    (ROOT, "maxReceiveCount: 5", "maxReceiveCount: 50"),
    (ROOT, "MAX_RECEIVE_COUNT: '5'", "MAX_RECEIVE_COUNT: '3'"),
    (
        ROOT,
        "SqsManagedSseEnabled: true",
        "SqsManagedSseEnabled: false",
    ),
    (ROOT, "prefix: uploads/", "prefix: ''"),
    (
        ROOT,
        "aws:SourceArn: !GetAtt NewUpload.Arn",
        "aws:SourceArn: '*'",
    ),
    (
        ROOT,
        "ThrottlingRateLimit: 10000",
        "ThrottlingRateLimit: 10",
    ),
    (
        ROOT,
        "          DeadLetterConfig: { Arn: !GetAtt DeadLetters.Arn }\n",
        "",
    ),
    (
        ROOT,
        "      Principal: secretsmanager.amazonaws.com\n      SourceAccount: !Ref AWS::AccountId\n",
        "      Principal: secretsmanager.amazonaws.com\n",
    ),
    (
        ROOT,
        "SecretId: !GetAtt Data.Outputs.MasterKeySecretArn",
        "SecretId: !GetAtt Data.Outputs.PathMacSecretArn",
    ),
    (
        ROOT,
        "AutomaticallyAfterDays: !Ref RotationDays",
        "AutomaticallyAfterDays: 1000",
    ),
    (ROOT, "VisibilityTimeout: 360", "VisibilityTimeout: 36"),
    (ROOT, "VisibilityTimeout: 180", "VisibilityTimeout: 18"),
    (ROOT, "maxReceiveCount: 50", "maxReceiveCount: 5"),
    (
        ROOT,
        "WEBHOOK_REACH: !Ref WebhookReach",
        "WEBHOOK_REACH: anywhere",
    ),
    (
        ROOT,
        "            Resource: !GetAtt MailQueue.Arn\n            Condition: { Bool: { aws:SecureTransport: 'false' } }",
        "            Resource: !GetAtt MailQueue.Arn\n            Condition: { Bool: { aws:SecureTransport: 'true' } }",
    ),
    (
        ROOT,
        "    Default: none\n    AllowedValues: [none, guardduty]",
        "    Default: guardduty\n    AllowedValues: [none, guardduty]",
    ),
    (
        ROOT,
        "State: !If [Scans, ENABLED, DISABLED]",
        "State: ENABLED",
    ),
    (
        ROOT,
        "source: [aws.guardduty]",
        "source: [{ suffix: guardduty }]",
    ),
    (
        ROOT,
        "Resource: !GetAtt VerdictQueue.Arn\n            Condition: { ArnEquals: { aws:SourceArn: !GetAtt NewVerdict.Arn } }",
        "Resource: !GetAtt VerdictQueue.Arn\n            Condition: { ArnEquals: { aws:SourceArn: !GetAtt NewUpload.Arn } }",
    ),
    (
        "infra/malware.yaml",
        "Action: [s3:GetObject, s3:GetObjectVersion]",
        "Action: [s3:GetObject, s3:GetObjectVersion, s3:DeleteObject]",
    ),
    (
        ROOT,
        "MessageRetentionPeriod: 86400",
        "MessageRetentionPeriod: 1209600",
    ),
    (ROOT, "MAIL_FROM: !Ref MailFrom", "MAIL_FROM: !Ref AppUrl"),
    (
        ROLES,
        "                Condition: { StringEquals: { ses:FromAddress: !Ref MailFrom } }\n",
        "",
    ),
    (
        MONITORING,
        "Value: !Ref MailDeadLettersName",
        "Value: !Ref MailQueueName",
    ),
    (
        MONITORING,
        "Value: !Ref DeadLettersName",
        "Value: !Ref ProcessQueueName",
    ),
    (
        MONITORING,
        "Value: !Sub '${Name}-login'",
        "Value: !Sub '${Name}-logins'",
    ),
    (
        MONITORING,
        "ExtendedStatistic: p99",
        "ExtendedStatistic: p50",
    ),
];
