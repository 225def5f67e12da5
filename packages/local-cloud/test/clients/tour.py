"""A tour of the local cloud by boto3, its waiters and paginators. Prints what it saw as one JSON document."""

import json
import os
import sys
import tempfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, region, key, secret = sys.argv[1:5]
session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
WAIT = {"Delay": 0.2, "MaxAttempts": 150}


def client(name, at=region):
    return session.client(name, endpoint_url=endpoint, region_name=at, config=config)


def code(call, **arguments):
    """The code of a refusal."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "not refused"


def ec2_tour(ec2, base):
    out = {}
    ec2.create_key_pair(KeyName="tour", KeyType="ed25519")
    ec2.get_waiter("key_pair_exists").wait(KeyNames=["tour"], WaiterConfig=WAIT)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="tour", Description="tour", VpcId=vpc)["GroupId"]
    ec2.get_waiter("security_group_exists").wait(GroupIds=[group], WaiterConfig=WAIT)
    port = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[port])
    out["again"] = code(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[port])

    tags = [{"ResourceType": "instance", "Tags": [{"Key": "tour", "Value": "yes"}]}]
    started = ec2.run_instances(
        ImageId=base, MinCount=7, MaxCount=7, InstanceType="t3.micro", KeyName="tour",
        SecurityGroupIds=[group], TagSpecifications=tags,
    )["Instances"]
    ids = [one["InstanceId"] for one in started]
    ec2.get_waiter("instance_exists").wait(InstanceIds=ids, WaiterConfig=WAIT)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=WAIT)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids, WaiterConfig=WAIT)
    filters = [{"Name": "tag:tour", "Values": ["yes"]}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 5})
    sizes = [sum(len(r["Instances"]) for r in page["Reservations"]) for page in pages]
    out["instances"] = sum(sizes)
    resource = session.resource("ec2", endpoint_url=endpoint)
    out["resources"] = len(list(resource.instances.filter(Filters=filters)))

    ec2.stop_instances(InstanceIds=ids[:2])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=ids[:2], WaiterConfig=WAIT)
    ec2.start_instances(InstanceIds=ids[:1])
    ec2.get_waiter("instance_running").wait(InstanceIds=ids[:1], WaiterConfig=WAIT)

    image = ec2.create_image(InstanceId=ids[0], Name="tour-1", NoReboot=True)["ImageId"]
    ec2.get_waiter("image_exists").wait(ImageIds=[image], WaiterConfig=WAIT)
    ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=WAIT)
    out["taken"] = code(ec2.create_image, InstanceId=ids[0], Name="tour-1")
    snapshots = [one["SnapshotId"] for page in ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"])
                 for one in page["Snapshots"]]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=snapshots, WaiterConfig=WAIT)
    there = client("ec2", "eu-central-1")
    copy = there.copy_image(Name="tour-copy", SourceImageId=image, SourceRegion=region)["ImageId"]
    there.get_waiter("image_available").wait(ImageIds=[copy], WaiterConfig=WAIT)
    out["elsewhere"] = code(ec2.describe_images, ImageIds=[copy])

    data = {"ImageId": image, "InstanceType": "t3.micro", "UserData": "IyEvYmluL3NoCg=="}
    ec2.create_launch_template(LaunchTemplateName="tour", LaunchTemplateData=data)
    for number in range(2, 5):
        changes = {"InstanceType": "m5.large"}
        ec2.create_launch_template_version(
            LaunchTemplateName="tour", SourceVersion=str(number - 1), LaunchTemplateData=changes)
    versions = ec2.get_paginator("describe_launch_template_versions").paginate(LaunchTemplateName="tour")
    out["versions"] = [one["VersionNumber"] for page in versions for one in page["LaunchTemplateVersions"]]
    types = ec2.get_paginator("describe_instance_types").paginate(InstanceTypes=["t3.micro"])
    out["memory"] = [one["MemoryInfo"]["SizeInMiB"] for page in types for one in page["InstanceTypes"]]

    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=WAIT)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_key_pair(KeyName="tour")
    return out


def fleet_tour(ec2, elb, autoscaling):
    out = {}
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]
    target = elb.create_target_group(
        Name="tour", Protocol="HTTP", Port=8080, VpcId=vpc, HealthCheckIntervalSeconds=5, HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name="tour", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[balancer], WaiterConfig=WAIT)
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=8080, DefaultActions=forward)
    listener = listener["Listeners"][0]["ListenerArn"]
    path = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/tour/*"]}}]
    elb.create_rule(ListenerArn=listener, Priority=5, Conditions=path, Actions=forward)
    rules = elb.get_paginator("describe_rules").paginate(ListenerArn=listener, PaginationConfig={"PageSize": 1})
    out["rules"] = [rule["Priority"] for page in rules for rule in page["Rules"]]

    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="tour", MinSize=1, MaxSize=4, DesiredCapacity=3, HealthCheckType="ELB",
        HealthCheckGracePeriod=0, VPCZoneIdentifier=",".join(subnets), TargetGroupARNs=[target],
        LaunchTemplate={"LaunchTemplateName": "tour", "Version": "1"},
        Tags=[{"Key": "tour", "Value": "yes", "PropagateAtLaunch": True}],
    )
    elb.get_waiter("target_in_service").wait(TargetGroupArn=target, WaiterConfig=WAIT)

    def group():
        pages = autoscaling.get_paginator("describe_auto_scaling_groups").paginate(AutoScalingGroupNames=["tour"])
        return next((one for page in pages for one in page["AutoScalingGroups"]), None)

    def until(what, test):
        deadline = time.time() + 60
        while not test():
            if time.time() > deadline:
                raise TimeoutError(what)
            time.sleep(0.2)

    def serving(count):
        states = [one["LifecycleState"] for one in group()["Instances"]]
        return states == ["InService"] * count

    until("three in service", lambda: serving(3))
    member = group()["Instances"][0]["InstanceId"]
    autoscaling.enter_standby(
        AutoScalingGroupName="tour", InstanceIds=[member], ShouldDecrementDesiredCapacity=True)
    standby = lambda: [one["LifecycleState"] for one in group()["Instances"] if one["InstanceId"] == member]
    until("standby", lambda: standby() == ["Standby"])
    autoscaling.exit_standby(AutoScalingGroupName="tour", InstanceIds=[member])
    until("back", lambda: serving(3))

    refresh = autoscaling.start_instance_refresh(
        AutoScalingGroupName="tour",
        DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "tour", "Version": "2"}},
        Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0},
    )["InstanceRefreshId"]
    out["second refresh"] = code(autoscaling.start_instance_refresh, AutoScalingGroupName="tour")
    describe = lambda: autoscaling.describe_instance_refreshes(
        AutoScalingGroupName="tour", InstanceRefreshIds=[refresh])["InstanceRefreshes"][0]["Status"]
    until("refresh", lambda: describe() not in ("Pending", "InProgress"))
    out["refresh"] = describe()
    out["version"] = group()["LaunchTemplate"]["Version"]
    activities = autoscaling.get_paginator("describe_scaling_activities").paginate(
        AutoScalingGroupName="tour", PaginationConfig={"PageSize": 2})
    out["activities"] = sum(len(page["Activities"]) for page in activities) >= 9

    targets = [{"Id": one["InstanceId"]} for one in group()["Instances"]]
    elb.get_waiter("target_in_service").wait(TargetGroupArn=target, Targets=targets, WaiterConfig=WAIT)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="tour", ForceDelete=True)
    until("deleted", lambda: group() is None)
    elb.get_waiter("target_deregistered").wait(TargetGroupArn=target, Targets=targets, WaiterConfig=WAIT)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    elb.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[balancer], WaiterConfig=WAIT)
    elb.delete_target_group(TargetGroupArn=target)
    return out


def s3_tour(s3):
    out = {}
    s3.create_bucket(Bucket="tour", CreateBucketConfiguration={"LocationConstraint": region})
    s3.get_waiter("bucket_exists").wait(Bucket="tour", WaiterConfig=WAIT)
    for number in range(5):
        s3.put_object(Bucket="tour", Key=f"a/{number}", Body=b"x" * number, Metadata={"number": str(number)})
    s3.get_waiter("object_exists").wait(Bucket="tour", Key="a/4", WaiterConfig=WAIT)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="tour", PaginationConfig={"PageSize": 2})
    out["pages"] = [[one["Size"] for one in page["Contents"]] for page in pages]
    out["metadata"] = s3.head_object(Bucket="tour", Key="a/3")["Metadata"]
    out["missing"] = code(s3.get_object, Bucket="tour", Key="none")

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large")
        body = os.urandom(1024) * 20 * 1024
        with open(path, "wb") as file:
            file.write(body)
        # More than the 8 MiB from which the transfer manager sends several parts at once.
        s3.upload_file(path, "tour", "large")
        s3.download_file("tour", "large", path + ".back")
        with open(path + ".back", "rb") as file:
            out["large"] = file.read() == body

    keys = [{"Key": one["Key"]} for one in s3.list_objects_v2(Bucket="tour")["Contents"]]
    s3.delete_objects(Bucket="tour", Delete={"Objects": keys})
    s3.get_waiter("object_not_exists").wait(Bucket="tour", Key="a/4", WaiterConfig=WAIT)
    s3.delete_bucket(Bucket="tour")
    s3.get_waiter("bucket_not_exists").wait(Bucket="tour", WaiterConfig=WAIT)
    return out


ec2 = client("ec2")
print(json.dumps({
    "account": client("sts").get_caller_identity()["Account"],
    "ec2": ec2_tour(ec2, sys.argv[5]),
    "fleet": fleet_tour(ec2, client("elbv2"), client("autoscaling")),
    "s3": s3_tour(client("s3")),
}))
