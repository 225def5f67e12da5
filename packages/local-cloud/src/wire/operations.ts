/**
 * The operations whose shapes the wire knows, by the service's name in a signature's scope. What is listed here can be
 * parsed and answered; what is really served is what the handler tables hold. After a change run
 * `node scripts/extract-shapes.mjs`.
 */
export const operations = {
  ec2: words(`
    RunInstances DescribeInstances StartInstances StopInstances RebootInstances TerminateInstances
    MonitorInstances UnmonitorInstances
    DescribeInstanceStatus DescribeInstanceAttribute ModifyInstanceAttribute ModifyInstanceMetadataOptions
    DescribeInstanceTypes DescribeInstanceTypeOfferings DescribeInstanceCreditSpecifications GetConsoleOutput
    CreateImage CopyImage DescribeImages ModifyImageAttribute DescribeImageAttribute ResetImageAttribute DeregisterImage
    EnableImage DisableImage EnableImageDeprecation DisableImageDeprecation
    EnableImageDeregistrationProtection DisableImageDeregistrationProtection DescribeImageReferences
    ListImagesInRecycleBin RestoreImageFromRecycleBin
    CreateSnapshot CopySnapshot DescribeSnapshots DeleteSnapshot ModifySnapshotAttribute DescribeSnapshotAttribute
    CreateVolume DeleteVolume AttachVolume DetachVolume DescribeVolumes DescribeVolumeStatus
    CreateLaunchTemplate CreateLaunchTemplateVersion DescribeLaunchTemplates DescribeLaunchTemplateVersions
    ModifyLaunchTemplate DeleteLaunchTemplate DeleteLaunchTemplateVersions GetLaunchTemplateData
    CreateKeyPair ImportKeyPair DescribeKeyPairs DeleteKeyPair
    CreateSecurityGroup DescribeSecurityGroups DeleteSecurityGroup
    AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress
    DescribeSecurityGroupRules ModifySecurityGroupRules
    UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress
    CreateTags DeleteTags DescribeTags
    DescribeRouteTables DescribeInternetGateways DescribeNetworkAcls DescribeDhcpOptions DescribeNatGateways DescribeAddresses
    DescribeVpcClassicLink DescribeVpcClassicLinkDnsSupport ModifyVpcAttribute
    CreateVpc DeleteVpc DescribeVpcs DescribeVpcAttribute CreateSubnet DeleteSubnet DescribeSubnets DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes
    DescribeNetworkInterfaces DescribeIamInstanceProfileAssociations
    AssociateIamInstanceProfile DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation
  `),
  autoscaling: words(`
    CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup DescribeAutoScalingGroups
    DescribeAutoScalingInstances SetDesiredCapacity DescribeScalingActivities DescribeAccountLimits
    SetInstanceHealth SetInstanceProtection EnterStandby ExitStandby AttachInstances DetachInstances
    TerminateInstanceInAutoScalingGroup LaunchInstances
    SuspendProcesses ResumeProcesses DescribeScalingProcessTypes
    StartInstanceRefresh DescribeInstanceRefreshes CancelInstanceRefresh RollbackInstanceRefresh
    PutLifecycleHook DeleteLifecycleHook DescribeLifecycleHooks DescribeLifecycleHookTypes
    CompleteLifecycleAction RecordLifecycleActionHeartbeat
    PutWarmPool DeleteWarmPool DescribeWarmPool
    PutScheduledUpdateGroupAction BatchPutScheduledUpdateGroupAction DeleteScheduledAction BatchDeleteScheduledAction
    DescribeScheduledActions
    PutScalingPolicy DeletePolicy DescribePolicies ExecutePolicy DescribeAdjustmentTypes
    CreateOrUpdateTags DeleteTags DescribeTags
    AttachTrafficSources DetachTrafficSources DescribeTrafficSources
    AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups DescribeLoadBalancerTargetGroups DescribeLoadBalancers
    EnableMetricsCollection DisableMetricsCollection DescribeMetricCollectionTypes
    DescribeTerminationPolicyTypes DescribeAutoScalingNotificationTypes DescribeNotificationConfigurations
    PutNotificationConfiguration DeleteNotificationConfiguration
  `),
  elasticloadbalancing: words(`
    CreateLoadBalancer DeleteLoadBalancer DescribeLoadBalancers DescribeLoadBalancerAttributes
    ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType
    CreateListener ModifyListener DeleteListener DescribeListeners DescribeListenerAttributes ModifyListenerAttributes
    DescribeListenerCertificates
    CreateRule ModifyRule DeleteRule DescribeRules SetRulePriorities
    CreateTargetGroup ModifyTargetGroup DeleteTargetGroup DescribeTargetGroups
    DescribeTargetGroupAttributes ModifyTargetGroupAttributes
    RegisterTargets DeregisterTargets DescribeTargetHealth
    AddTags RemoveTags DescribeTags DescribeAccountLimits DescribeSSLPolicies
    DescribeCapacityReservation ModifyCapacityReservation
  `),
  monitoring: words(`
    PutMetricAlarm DescribeAlarms DescribeAlarmsForMetric DeleteAlarms SetAlarmState EnableAlarmActions DisableAlarmActions
    GetMetricData GetMetricStatistics ListMetrics
    TagResource UntagResource ListTagsForResource
  `),
  sts: words('GetCallerIdentity AssumeRole GetSessionToken'),
  iam: words(`
    CreateRole GetRole ListRoles UpdateRole UpdateAssumeRolePolicy DeleteRole TagRole UntagRole ListRoleTags
    PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy
    AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
    CreatePolicy GetPolicy GetPolicyVersion ListPolicyVersions ListPolicies DeletePolicy
    CreateInstanceProfile GetInstanceProfile ListInstanceProfiles ListInstanceProfilesForRole DeleteInstanceProfile
    AddRoleToInstanceProfile RemoveRoleFromInstanceProfile
    TagInstanceProfile UntagInstanceProfile ListInstanceProfileTags
  `),
  ssm: words(`
    PutParameter GetParameter GetParameters GetParametersByPath GetParameterHistory DescribeParameters
    DeleteParameter DeleteParameters LabelParameterVersion UnlabelParameterVersion
    AddTagsToResource RemoveTagsFromResource ListTagsForResource
  `),
  secretsmanager: words(`
    CreateSecret UpdateSecret PutSecretValue GetSecretValue BatchGetSecretValue DescribeSecret ListSecrets
    ListSecretVersionIds UpdateSecretVersionStage DeleteSecret RestoreSecret TagResource UntagResource GetResourcePolicy
  `),
} as const;

/** A service of the local cloud, named as in a signature's credential scope. */
export type ServiceName = keyof typeof operations;

/** True for a service that the local cloud has. */
export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(operations, name);
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
