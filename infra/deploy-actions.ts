/** Reads: AWS cannot restrict them to single resources. */
export const reads = [
  'autoscaling:DescribeAccountLimits',
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeInstanceRefreshes',
  'autoscaling:DescribeLifecycleHooks',
  'autoscaling:DescribePolicies',
  'autoscaling:DescribeScalingActivities',
  'autoscaling:DescribeScheduledActions',
  'autoscaling:DescribeTags',
  'autoscaling:DescribeWarmPool',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  'ec2:DescribeAccountAttributes',
  'ec2:DescribeImageAttribute',
  'ec2:DescribeImageReferences',
  'ec2:DescribeImages',
  'ec2:DescribeInstances',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeSecurityGroupRules',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSnapshots',
  'ec2:DescribeSubnets',
  'elasticloadbalancing:DescribeAccountLimits',
  'elasticloadbalancing:DescribeCapacityReservation',
  'elasticloadbalancing:DescribeListeners',
  'elasticloadbalancing:DescribeLoadBalancers',
  'elasticloadbalancing:DescribeRules',
  'elasticloadbalancing:DescribeTags',
  'elasticloadbalancing:DescribeTargetGroupAttributes',
  'elasticloadbalancing:DescribeTargetGroups',
  'elasticloadbalancing:DescribeTargetHealth',
  'secretsmanager:DescribeSecret',
  'servicequotas:GetServiceQuota',
  'ssm:DescribeParameters',
  'sts:GetCallerIdentity',
] as const;

/** Changes of the fleet's Auto Scaling groups, by name. */
export const groupChanges = [
  'autoscaling:BatchDeleteScheduledAction',
  'autoscaling:BatchPutScheduledUpdateGroupAction',
  'autoscaling:CancelInstanceRefresh',
  'autoscaling:CreateOrUpdateTags',
  'autoscaling:DeletePolicy',
  'autoscaling:DeleteTags',
  'autoscaling:DeleteWarmPool',
  'autoscaling:EnterStandby',
  'autoscaling:ExitStandby',
  'autoscaling:PutScalingPolicy',
  'autoscaling:PutWarmPool',
  'autoscaling:ResumeProcesses',
  'autoscaling:RollbackInstanceRefresh',
  'autoscaling:StartInstanceRefresh',
  'autoscaling:SuspendProcesses',
  'autoscaling:TerminateInstanceInAutoScalingGroup',
  'autoscaling:UpdateAutoScalingGroup',
] as const;

/** Changes of instances, images, snapshots and security group rules with the fleet's tags. */
export const ownChanges = [
  'ec2:CreateTags',
  'ec2:DeleteSnapshot',
  'ec2:DeleteTags',
  'ec2:DeregisterImage',
  'ec2:DisableImage',
  'ec2:DisableImageDeprecation',
  'ec2:DisableImageDeregistrationProtection',
  'ec2:EnableImage',
  'ec2:EnableImageDeprecation',
  'ec2:EnableImageDeregistrationProtection',
  'ec2:GetConsoleOutput',
  'ec2:RebootInstances',
  'ec2:TerminateInstances',
] as const;

/** Changes of the fleet's load balancer, by name. */
export const balancerChanges = [
  'elasticloadbalancing:AddTags',
  'elasticloadbalancing:CreateRule',
  'elasticloadbalancing:DeleteRule',
  'elasticloadbalancing:DeregisterTargets',
  'elasticloadbalancing:ModifyCapacityReservation',
  'elasticloadbalancing:ModifyListener',
  'elasticloadbalancing:ModifyRule',
  'elasticloadbalancing:ModifyTargetGroupAttributes',
  'elasticloadbalancing:RegisterTargets',
  'elasticloadbalancing:RemoveTags',
] as const;

/**
 * What EC2 itself reads for the caller to find references to an image
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html).
 */
export const referenceReads = [
  'imagebuilder:GetContainerRecipe',
  'imagebuilder:ListContainerRecipes',
  'imagebuilder:ListImageRecipes',
  'ssm:DescribeParameters',
  'ssm:GetParameters',
] as const;
