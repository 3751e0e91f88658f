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


def archive(bootstrap):
    """A zip file as Lambda wants it."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("bootstrap", bootstrap)
    return code.getvalue()


def clients(url):
    """boto3 clients of the emulator, by name."""
    import boto3

    return lambda service, region="us-east-1": boto3.client(service, endpoint_url=url, region_name=region)


def translated(code):
    """The SAM template as CloudFormation gets it, with its code at this s3 URI."""
    python = environment(*SAM) / "python"
    script = pathlib.Path(__file__).with_name("translate.py")
    output = subprocess.run([python, script, TEMPLATE, code], check=True, capture_output=True, text=True).stdout
    return json.loads(output)
