/** Reads: AWS narrows none of them to single resources. */
export const reads = [
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeAutoScalingInstances',
  'autoscaling:DescribeInstanceRefreshes',
  'autoscaling:DescribeLifecycleHooks',
  'autoscaling:DescribePolicies',
  'autoscaling:DescribeScalingActivities',
  'autoscaling:DescribeScheduledActions',
  'autoscaling:DescribeWarmPool',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  'ec2:DescribeImageAttribute',
  'ec2:DescribeImageReferences',
  'ec2:DescribeImages',
  'ec2:DescribeInstances',
  'ec2:DescribeInstanceStatus',
  'ec2:DescribeKeyPairs',
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeRegions',
  'ec2:DescribeSecurityGroupRules',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSnapshots',
  'ec2:DescribeSubnets',
  'ec2:DescribeVolumes',
  'ec2:DescribeVpcs',
  'ec2:GetConsoleOutput',
  'elasticloadbalancing:DescribeAccountLimits',
  'elasticloadbalancing:DescribeCapacityReservation',
  'elasticloadbalancing:DescribeListeners',
  'elasticloadbalancing:DescribeLoadBalancers',
  'elasticloadbalancing:DescribeRules',
  'elasticloadbalancing:DescribeTags',
  'elasticloadbalancing:DescribeTargetGroupAttributes',
  'elasticloadbalancing:DescribeTargetGroups',
  'elasticloadbalancing:DescribeTargetHealth',
  'servicequotas:GetServiceQuota',
  'servicequotas:ListServiceQuotas',
  'sts:GetCallerIdentity',
] as const;

/** Changes of the fleet's Auto Scaling groups, by name. */
export const groupChanges = [
  'autoscaling:BatchDeleteScheduledAction',
  'autoscaling:BatchPutScheduledUpdateGroupAction',
  'autoscaling:CancelInstanceRefresh',
  'autoscaling:CompleteLifecycleAction',
  'autoscaling:DeletePolicy',
  'autoscaling:DeleteScheduledAction',
  'autoscaling:DeleteWarmPool',
  'autoscaling:EnterStandby',
  'autoscaling:ExitStandby',
  'autoscaling:PutScalingPolicy',
  'autoscaling:PutScheduledUpdateGroupAction',
  'autoscaling:PutWarmPool',
  'autoscaling:ResumeProcesses',
  'autoscaling:RollbackInstanceRefresh',
  'autoscaling:SetDesiredCapacity',
  'autoscaling:SetInstanceHealth',
  'autoscaling:StartInstanceRefresh',
  'autoscaling:SuspendProcesses',
  'autoscaling:TerminateInstanceInAutoScalingGroup',
  'autoscaling:UpdateAutoScalingGroup',
] as const;

/** Changes of machines, images and snapshots that carry the fleet's tags. */
export const ownChanges = [
  'ec2:DeleteSnapshot',
  'ec2:DeregisterImage',
  'ec2:DisableImage',
  'ec2:DisableImageDeprecation',
  'ec2:EnableImage',
  'ec2:EnableImageDeprecation',
  'ec2:StopInstances',
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
  'elasticloadbalancing:RegisterTargets',
  'elasticloadbalancing:RemoveTags',
  'elasticloadbalancing:SetRulePriorities',
] as const;

/** Openings of the fleet's own security groups, by tag. */
export const openings = [
  'ec2:AuthorizeSecurityGroupIngress',
  'ec2:ModifySecurityGroupRules',
  'ec2:RevokeSecurityGroupIngress',
] as const;
