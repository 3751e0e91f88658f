"""What the checks of this folder share: the tools they install, their cases, the CDK's templates, and an emulator of AWS."""

import atexit
import io
import json
import os
import pathlib
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

import cloudformation

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TEMPLATE = ROOT / "template.yaml"
PLAIN = sorted((ROOT / "infra").glob("*.yaml"))


def requirements(name):
    """The name of a virtual environment, and its packages."""
    path = pathlib.Path(__file__).parent / "requirements" / f"{name}.txt"
    return (name, *path.read_text(encoding="utf-8").split())


# Each kind of tool has a virtual environment of its own, because they need different versions of boto3. Versions are pinned, so
# that a check does not change from one day to the next; Dependabot proposes new ones.
SAM = requirements("sam")
AWSCLI = requirements("awscli")
CHECKOV = requirements("checkov")
TERRAFORM = requirements("terraform")
CARGO_LAMBDA = requirements("cargo-lambda")
WORKFLOWS = requirements("workflows")
CDK_APP = requirements("cdk-app")
MINISTACK = requirements("ministack")
EVIDENCE = requirements("evidence")

# AWS's tools need a region and credentials even if they call nobody.
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
    """The `bin` directory of a virtual environment below target/tools with exactly these packages."""
    home = TARGET / "tools" / name
    marker = home / "packages"
    wanted = "\n".join(packages)
    if not marker.exists() or marker.read_text() != wanted:
        print(f"Installing {', '.join(packages)} below {os.path.relpath(home)}.", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        marker.write_text(wanted)
    return home / "bin"


def run_in(name, *packages):
    """Continues this program in an environment with these packages."""
    python = environment(name, *packages) / "python"
    if pathlib.Path(sys.prefix).resolve() != python.parent.parent.resolve():
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.argv])


def node_package(directory):
    """Installs the packages of a directory from its package-lock.json, unless they are installed already."""
    installed, lock = directory / "node_modules" / ".package-lock.json", directory / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        print(f"Installing the packages of {os.path.relpath(directory)}.", file=sys.stderr)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=directory, stdout=sys.stderr, check=True)


def synthesize(settings):
    """The template of the CDK for each set of context values, by the same name; or for another `construct`, with its properties."""
    cdk = ROOT / "infra" / "cdk"
    node_package(cdk)
    settings = {name: ({} if "construct" in context else {"code": "test/bootstrap"}) | context for name, context in settings.items()}
    with tempfile.TemporaryDirectory() as output:
        subprocess.run(["npx", "tsx", "bin/synthesize.ts", output, json.dumps(settings)], cwd=cdk, check=True)
        return {name: json.loads(pathlib.Path(output, f"{name}.json").read_text(encoding="utf-8")) for name in settings}


class Checks:
    """Counts cases, and prints those that fail; the others too, unless `quiet`. `timed` prints the time before each line."""

    def __init__(self, quiet=False, timed=False):
        self.quiet, self.timed = quiet, timed
        self.cases, self.failed = 0, 0
        self.started = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.started:6.1f} s  {text}" if self.timed else text, flush=True)

    def check(self, what, found, expected=True):
        """One case: what was found is what was expected."""
        short = lambda value: json.dumps(value, default=str)[:1000]
        self.problems(what, [] if found == expected else [f"{short(found)} instead of {short(expected)}"])

    def problems(self, what, found):
        """One case: a list of problems, empty if there are none."""
        self.cases += 1
        if found:
            self.failed += 1
            self.say(f"FAILED {what}: {'; '.join(map(str, found))}")
        elif not self.quiet:
            self.say(f"ok     {what}")

    def end(self):
        """Prints the counts, and ends the program: with 1 if a case failed."""
        print(f"{self.cases} cases, {self.failed} failed, {time.monotonic() - self.started:.0f} s")
        sys.exit(self.failed > 0)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(command, env=None, log=None, stdin=subprocess.DEVNULL):
    """Starts a process that ends with this one."""
    output = open(log, "wb") if log else subprocess.DEVNULL
    process = subprocess.Popen([str(part) for part in command], env=env, stdin=stdin, stdout=output, stderr=subprocess.STDOUT)

    def end():
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()

    atexit.register(end)
    return process


def runnable(program):
    """A program of the function that this machine can run: itself, or if it is for arm64 and this machine is not, a script with QEMU."""
    if not program.exists():
        sys.exit(f"FAILED: {program} is not there. cargo build --release makes it, and release/build what is shipped.")
    machine = int.from_bytes(program.read_bytes()[18:20], "little")  # e_machine of an ELF file
    if machine != EM_AARCH64 or platform.machine() == "aarch64":
        return program
    wrapper = TARGET / "tools" / "qemu" / "bootstrap"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    # Where Debian's libc6-arm64-cross has the C library.
    wrapper.write_text(f'#!/bin/sh\nexec qemu-aarch64-static -L /usr/aarch64-linux-gnu {program} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


EM_AARCH64 = 183


def wait_for(what, seconds, find, every=0.2):
    """What `find` returns, as soon as that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(every)
    sys.exit(f"FAILED: {what}: nothing within {seconds} s")


def ministack(**env):
    """Starts an emulator of AWS on loopback, and returns its URL. It needs the environment MINISTACK."""
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
    """boto3 clients of the emulator, by service."""
    import boto3

    return lambda service, region="us-east-1": boto3.client(service, endpoint_url=url, region_name=region)


# Types that the emulator does not know. They are linted, but not deployed on it.
UNKNOWN = {"AWS::Events::EventBusPolicy"}


def deploy(client, name, template, given):
    """Deploys a template on the emulator: the description of its stack, and the physical ids of its resources."""
    template = cloudformation.with_fixed_conditions(template, given, client("cloudformation").meta.region_name)
    template["Resources"] = {key: it for key, it in template["Resources"].items() if it["Type"] not in UNKNOWN}
    formation = client("cloudformation")
    # In a bucket, as SAM does: the template is longer than the 51,200 bytes that a call takes.
    body = json.dumps(template).encode()
    storage = client("s3", "us-east-1")
    storage.create_bucket(Bucket="templates")
    storage.put_object(Bucket="templates", Key=f"{name}.json", Body=body)
    formation.create_stack(
        StackName=name,
        TemplateURL=f"{storage.meta.endpoint_url}/templates/{name}.json",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )

    def finished():
        stack = formation.describe_stacks(StackName=name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    stack = wait_for(f"the stack {name}", 60, finished)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        sys.exit(f"FAILED: {name}: {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    resources = formation.describe_stack_resources(StackName=name)["StackResources"]
    return stack, {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def deploy_forms():
    """Two sets of parameters of template.yaml, which the checks deploy: none, and all."""
    everything = {
        "AllowedDomains": "example.com,example.org",
        "CertificateTag": "validate=yes",
        "HostedZoneTag": "team=dns",
        "HostedZoneAccountsTag": "certificate-accounts",
        "HostedZoneIds": "Z1,Z2",
        "Regions": "us-east-1,eu-west-1",
        "HostedZoneRoleArns": "arn:aws:iam::111122223333:role/zones,arn:aws:iam::444455556666:role/dns/zones",
        "CertificateRoleName": "acm-dns-validator-certificates",
        "Accounts": "organization",
        "OrganizationRoleArn": "arn:aws:iam::100000000000:role/accounts",
        "SweepAccounts": "111122223333,444455556666",
        "RecordTtl": "60",
        "DnsResolvers": "192.0.2.1,[2001:db8::1]:5353",
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
        "NotificationEmail": "dns@example.com",
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
    """Uploads a zip file to deploy the function with, and returns its URI. Nobody runs it."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("bootstrap", b"")
    client("s3").create_bucket(Bucket="code")
    client("s3").put_object(Bucket="code", Key="bootstrap.zip", Body=code.getvalue())
    return "s3://code/bootstrap.zip"


def translated(code):
    """The plain template as CloudFormation gets it from a release, with its code at this S3 URI."""
    script = ROOT / "release" / "template"
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        subprocess.run([sys.executable, script, file.name], check=True)
        template = cloudformation.load(file.name)
    bucket, key = code.removeprefix("s3://").split("/", 1)
    template["Parameters"]["CodeBucket"]["Default"], template["Parameters"]["CodeKey"]["Default"] = bucket, key
    return template
