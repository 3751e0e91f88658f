"""What the checks of this folder share: their tools, CloudFormation's YAML, and an emulator of AWS on loopback."""

import atexit
import io
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TEMPLATE = ROOT / "template.yaml"
PLAIN = sorted((ROOT / "infra").glob("*.yaml"))

# One environment a kind of tool: they disagree about the version of boto3. Versions are pinned, so that a check that was
# green yesterday is green today.
SAM = ("sam", "aws-sam-cli==1.170.0", "cfn-lint==1.58.0", "cfn-lint-serverless==0.3.6")
CHECKOV = ("checkov", "checkov==3.3.30")
MINISTACK = ("ministack", "ministack==1.5.33", "boto3==1.43.106")
EVIDENCE = ("evidence", "moto[server]==5.2.5", "ministack==1.5.33", "boto3==1.43.106")

# Tools of AWS ask for a region and for credentials even where they call nobody.
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "SAM_CLI_TELEMETRY": "0",
}
os.environ.pop("AWS_PROFILE", None)


def environment(name, *packages):
    """The `bin` of a virtual environment below target/tools that holds exactly these packages."""
    home = TARGET / "tools" / name
    marker = home / "packages"
    wanted = "\n".join(packages)
    if not marker.exists() or marker.read_text() != wanted:
        print(f"Installing {', '.join(packages)} below {os.path.relpath(home)}.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        marker.write_text(wanted)
    return home / "bin"


def run_in(name, *packages):
    """Goes on in an environment that has these packages."""
    python = environment(name, *packages) / "python"
    if pathlib.Path(sys.prefix).resolve() != python.parent.parent.resolve():
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.argv])


def load(path):
    """A CloudFormation template; `!Ref x` reads as {"Ref": x}, as in JSON."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def tag(loader, suffix, node):
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", tag)
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader)


YES, NO = {"Fn::Equals": ["yes", "yes"]}, {"Fn::Equals": ["yes", "no"]}


def settled(template, given, region, account="000000000000"):
    """A copy of the template whose conditions are worked out: the emulator knows neither regions nor functions in them."""
    values = {name: str(parameter.get("Default")) for name, parameter in template.get("Parameters", {}).items()}
    values |= given | {"AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": "aws"}

    def work_out(node):
        if not isinstance(node, dict):
            return node
        ((function, argument),) = node.items()
        if function == "Ref":
            return values[argument]
        if function == "Condition":
            return work_out(template["Conditions"][argument])
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda name: values[name[1]], argument)
        arguments = [work_out(item) for item in argument]
        return {
            "Fn::And": all,
            "Fn::Equals": lambda pair: pair[0] == pair[1],
            "Fn::Not": lambda only: not only[0],
            "Fn::Or": any,
            "Fn::Select": lambda both: both[1][int(both[0])],
            "Fn::Split": lambda both: both[1].split(both[0]),
        }[function](arguments)

    conditions = {name: YES if work_out(node) else NO for name, node in template["Conditions"].items()}
    return json.loads(json.dumps(template | {"Conditions": conditions}))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(command, env=None, log=None):
    """A process that ends with this one."""
    output = open(log, "wb") if log else subprocess.DEVNULL
    process = subprocess.Popen([str(part) for part in command], env=env, stdout=output, stderr=subprocess.STDOUT)

    def end():
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()

    atexit.register(end)
    return process


def wait_for(what, seconds, look, every=0.2):
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    sys.exit(f"FAILED: {what} did not come to pass within {seconds} s")


def ministack(**env):
    """Starts an emulator of AWS on loopback and says where it listens. Asks for the environment MINISTACK."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    work = TARGET / "tools" / "ministack-work"
    work.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PERSIST_STATE": "0"} | env
    process = start([pathlib.Path(sys.prefix) / "bin" / "ministack"], env, work / "log")

    def up():
        if process.poll() is not None:
            sys.exit(f"FAILED: ministack ended; see {work / 'log'}")
        try:
            return urllib.request.urlopen(f"{url}/_ministack/health", timeout=1).status == 200
        except OSError:
            return False

    wait_for("the emulator's start", 30, up)
    return url


def clients(url):
    """boto3 clients of the emulator, by name."""
    import boto3

    return lambda service, region="us-east-1": boto3.client(service, endpoint_url=url, region_name=region)


# Types the emulator does not know. They are linted, and left out of what it deploys.
UNKNOWN = {"AWS::Events::EventBusPolicy"}


def deploy(client, name, template, given):
    """Deploys a template on the emulator: its stack as described afterwards, and the ids of what it made."""
    template = settled(template, given, client("cloudformation").meta.region_name)
    template["Resources"] = {key: made for key, made in template["Resources"].items() if made["Type"] not in UNKNOWN}
    formation = client("cloudformation")
    formation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    look = lambda: formation.describe_stacks(StackName=name)["Stacks"][0]
    stack = wait_for(f"the stack {name}", 60, lambda: None if look()["StackStatus"].endswith("IN_PROGRESS") else look())
    if stack["StackStatus"] != "CREATE_COMPLETE":
        sys.exit(f"FAILED: {name}: {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    resources = formation.describe_stack_resources(StackName=name)["StackResources"]
    return stack, {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def deploy_forms():
    """The parameters of template.yaml in the forms that the checks deploy it in: none, and all."""
    everything = {
        "AllowedDomains": "example.com,example.org",
        "CertificateTag": "validate=yes",
        "HostedZoneTag": "team=dns",
        "HostedZoneIds": "Z1,Z2",
        "Regions": "us-east-1,eu-west-1",
        "HostedZoneRoleArns": "arn:aws:iam::111122223333:role/zones,arn:aws:iam::444455556666:role/dns/zones",
        "CertificateRoleName": "acm-dns-validator-certificates",
        "SweepAccounts": "111122223333,444455556666",
        "RecordTtl": "60",
        "EventBus": "arn:aws:events:us-east-1:000000000000:event-bus/ours",
        "OrganizationId": "o-a1b2c3d4e5",
        "OrganizationQueue": "true",
        "OrganizationQueueConcurrency": "3",
        "Architecture": "arm64",
        "MemorySize": "256",
        "ReservedConcurrency": "5",
        "LogLevel": "DEBUG",
        "LogRetentionDays": "7",
        "AlarmTopicArn": "arn:aws:sns:us-east-1:000000000000:alarms",
    }
    return {}, everything


def role_policy(client, name):
    """The trust of a role, and the statements of all its policies."""
    iam = client("iam")
    statements = []
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        statements += iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    return trust, {"Version": "2012-10-17", "Statement": statements}


def put_code(client):
    """A zip file to deploy the function with; returns its URI. Nobody runs it."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("bootstrap", b"")
    client("s3").create_bucket(Bucket="code")
    client("s3").put_object(Bucket="code", Key="bootstrap.zip", Body=code.getvalue())
    return "s3://code/bootstrap.zip"


def translated(code):
    """The SAM template as CloudFormation gets it, with its code at this s3 URI."""
    python = environment(*SAM) / "python"
    script = pathlib.Path(__file__).with_name("translate.py")
    output = subprocess.run([python, script, TEMPLATE, code], check=True, capture_output=True, text=True).stdout
    return json.loads(output)
