"""boto3 makes a role, takes it, and reads the secrets that its policy allows. Prints what it saw as JSON."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, region, key, secret = sys.argv[1:]


def client(service, **credentials):
    keys = credentials or {"aws_access_key_id": key, "aws_secret_access_key": secret}
    return boto3.client(service, endpoint_url=endpoint, region_name=region, **keys)


def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "none"


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


iam, ssm, secrets = client("iam"), client("ssm"), client("secretsmanager")
trust = policy(Principal={"AWS": "000000000000"}, Action="sts:AssumeRole")
role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]
iam.get_waiter("role_exists").wait(RoleName="reader")
reads = policy(Action=["ssm:GetParameter*", "secretsmanager:Get*"], Resource=["*:parameter/shop/*", "*:secret:shop/*"])
iam.put_role_policy(RoleName="reader", PolicyName="reads", PolicyDocument=reads)
iam.create_instance_profile(InstanceProfileName="reader")
iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="reader")
iam.add_role_to_instance_profile(InstanceProfileName="reader", RoleName="reader")
profile = iam.get_instance_profile(InstanceProfileName="reader")["InstanceProfile"]

for name in ["/shop/a", "/shop/b", "/other/a"]:
    ssm.put_parameter(Name=name, Value="value of " + name, Type="SecureString")
secrets.create_secret(Name="shop/a", SecretString="one")
secrets.put_secret_value(SecretId="shop/a", SecretString="two")
secrets.create_secret(Name="other/a", SecretBinary=b"\0\xff")

taken = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="boto3")["Credentials"]
session = {
    "aws_access_key_id": taken["AccessKeyId"],
    "aws_secret_access_key": taken["SecretAccessKey"],
    "aws_session_token": taken["SessionToken"],
}
own_ssm, own_secrets = client("ssm", **session), client("secretsmanager", **session)
pages = own_ssm.get_paginator("get_parameters_by_path").paginate(Path="/shop/", WithDecryption=True, MaxResults=1)

print(
    json.dumps(
        {
            "trust": role["AssumeRolePolicyDocument"] == json.loads(trust),
            "profile": [one["RoleName"] for one in profile["Roles"]],
            "identity": client("sts", **session).get_caller_identity()["Arn"],
            "parameters": [[one["Value"] for one in page["Parameters"]] for page in pages],
            "foreign parameter": code(lambda: own_ssm.get_parameter(Name="/other/a")),
            "secret": own_secrets.get_secret_value(SecretId="shop/a")["SecretString"],
            "before": own_secrets.get_secret_value(SecretId="shop/a", VersionStage="AWSPREVIOUS")["SecretString"],
            "foreign secret": code(lambda: own_secrets.get_secret_value(SecretId="other/a")),
            "bytes": list(secrets.get_secret_value(SecretId="other/a")["SecretBinary"]),
            "listed": sorted(
                one["Name"] for page in secrets.get_paginator("list_secrets").paginate() for one in page["SecretList"]
            ),
            "missing": [
                code(lambda: ssm.get_parameter(Name="/none")),
                code(lambda: secrets.get_secret_value(SecretId="none")),
                code(lambda: iam.get_role(RoleName="none")),
            ],
            "in use": code(lambda: iam.delete_role(RoleName="reader")),
        }
    )
)
