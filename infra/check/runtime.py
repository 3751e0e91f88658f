"""The function under AWS's own runtime emulator, aws-lambda-rie, which runs it as Lambda would.

sim/ is its ACM and Route 53, ministack its Scheduler and EventBridge. It needs the environment MINISTACK.
"""

import contextlib
import json
import os
import pathlib
import re
import selectors
import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3
import tools

# The account and region of the runtime emulator, which cannot be configured.
ACCOUNT, REGION = "012345678912", "us-east-1"
DOMAIN = "example.com"
GROUP = "checks"
RIE = next(tools.environment(*tools.SAM).parent.glob("lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
# Seconds to wait for anything, on a busy machine.
PATIENCE = 60
SAMPLE = json.loads((tools.ROOT / "events" / "request-certificate.json").read_text(encoding="utf-8"))


class Proxy:
    """A port before a service. Open, it passes everything on. Shut, it reads everything and never answers.

    Connections can die without the client's notice: whoever uses one then is reset or gets no answer. New ones are sound.
    """

    def __init__(self, url, shut=False):
        self.behind = tuple(url.removeprefix("http://").split(":"))
        self.shut = shut
        self.held = 0
        self.connections = set()
        self.dead = {}
        self.dead_used = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        """Passes bytes both ways until either side closes. Bytes that come in while the proxy is shut are dropped."""
        self.connections.add(near)
        far = socket.create_connection(self.behind)
        # Otherwise a request in two pieces waits for 40 ms.
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), near, far, selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, near)
            held = False
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if near in self.dead:
                        self.dead_used += 1
                        if self.dead.pop(near) == "reset":
                            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            return
                        held = True
                    if key.fileobj is near and self.shut:
                        held = True
                        # No case waits for the request that opens a connection during a cold start.
                        self.held += not data.startswith(b"GET / ")
                    if not held:
                        key.data.sendall(data)

    def let_die(self, how):
        """Lets all open connections die; `how` is what whoever uses one meets, `reset` or `silence`."""
        self.dead = {connection: how for connection in self.connections if connection.fileno() >= 0}

    def break_connections(self):
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Lambda:
    """The function under the runtime emulator, which starts the process at the first invocation."""

    def __init__(self, program, log, timeout, env):
        self.path, self.timeout = log, timeout
        self.port = tools.free_port()
        addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"]
        addresses += ["--runtime-api-address", f"127.0.0.1:{tools.free_port()}"]
        self.process = tools.start([RIE, *addresses, "--log-level", "info", program], env, self.path)
        tools.wait_for("the runtime emulator", PATIENCE, self.listens, 0.02)

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def invoke(self, payload):
        """The answer of the function, or that of the runtime emulator if the process ended or took too long."""
        payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(url, payload, {"Content-Type": "application/json"})
        try:
            answer = urllib.request.urlopen(request, timeout=self.timeout + PATIENCE).read()
        except urllib.error.HTTPError as error:
            return {"refused": error.code}
        try:
            return json.loads(answer)
        except ValueError:
            return {"text": answer.decode()}

    def pid(self):
        """The process that the runtime emulator started."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = stat.read_text().rpartition(") ")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    return int(stat.parent.name)
        return None

    def log(self):
        return self.path.read_bytes()

    def lines(self):
        """The lines that the process itself logged, without those of the runtime emulator."""
        own = re.compile(rb"\d\d \w{3} \d{4} [\d:,]+ \[(INFO|WARNING|ERROR|DEBUG)\] \(rapid\) .*|(START|END|REPORT) RequestId: .*")
        return [line for line in self.log().split(b"\n") if line and not own.fullmatch(line)]

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class World:
    """The services, and functions that call them. Logs go into the directory `work`. `options` are those of the simulator."""

    def __init__(self, program, aws, work, *options):
        if not aws.exists():
            sys.exit(f"FAILED: {aws} is not there. cargo build -p acm-dns-validator-sim --example aws makes it.")
        work.mkdir(parents=True, exist_ok=True)
        self.program, self.work, self.started = program, work, 0
        # ACM and Route 53, on the real clock; Scheduler and EventBridge.
        tools.start([aws, ACCOUNT, DOMAIN, *options], log=work / "aws.log")
        self.simulator = json.loads(tools.wait_for("the simulator", PATIENCE, lambda: (work / "aws.log").read_text(), 0.02))
        self.url = tools.ministack(MINISTACK_ACCOUNT_ID=ACCOUNT, MINISTACK_REGION=REGION)
        keys = {"aws_access_key_id": self.simulator["accessKeyId"], "aws_secret_access_key": self.simulator["secretAccessKey"]}
        simulated = lambda service: boto3.client(service, endpoint_url=self.simulator["endpoint"], region_name=REGION, **keys)
        self.acm, self.route53, self.scheduler = simulated("acm"), simulated("route53"), tools.clients(self.url)("scheduler")
        self.scheduler.create_schedule_group(Name=GROUP)
        # Where each service is, by the name of its variable.
        self.services = {"ACM": self.simulator["endpoint"], "SCHEDULER": self.url, "ROUTE_53": self.simulator["endpoint"], "EVENTBRIDGE": self.url}
        self.environment = {
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": self.simulator["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.simulator["secretAccessKey"],
            "AWS_REGION": REGION,
            "AWS_ACCOUNT_ID": ACCOUNT,
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_ACM": self.simulator["endpoint"],
            "AWS_ENDPOINT_URL_ROUTE_53": self.simulator["endpoint"],
            "SCHEDULE_GROUP": GROUP,
            "SCHEDULE_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
        }

    def function(self, name, timeout=30, program=None, **variables):
        """A function with these variables besides the required ones; None takes one away."""
        self.started += 1
        env = self.environment | {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout)} | variables
        env = {key: value for key, value in env.items() if value is not None}
        return Lambda(program or self.program, self.work / f"{self.started:02}-{name}.log", timeout, env)

    def request(self, name):
        """Requests a certificate of this name, and returns its ARN."""
        return self.acm.request_certificate(DomainName=f"{name}.{DOMAIN}", ValidationMethod="DNS")["CertificateArn"]

    def records(self, name):
        """The validation records in Route 53 for this name."""
        sets = self.route53.list_resource_record_sets(HostedZoneId=self.simulator["hostedZoneId"])["ResourceRecordSets"]
        return [found for found in sets if found["Type"] == "CNAME" and found["Name"].endswith(f".{name}.{DOMAIN}.")]

    def scheduled(self, arn):
        """The payloads of the scheduled checks of this certificate."""
        listed = self.scheduler.list_schedules(GroupName=GROUP, NamePrefix=arn.split("/")[1])["Schedules"]
        found = [self.scheduler.get_schedule(GroupName=GROUP, Name=schedule["Name"]) for schedule in listed]
        return [json.loads(schedule["Target"]["Input"]) for schedule in found]


def event(arn, **detail):
    """CloudTrail's event about the request for this certificate."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    detail = {"eventTime": now, "responseElements": {"certificateArn": arn}} | detail
    return SAMPLE | {"time": now, "detail": SAMPLE["detail"] | detail}


def states(answer):
    """The states of the records in an answer."""
    return [record["state"] for record in answer.get("records", [])]


def written(answer):
    """Whether the check wrote the one record of its certificate."""
    return answer.get("state") == "RECORDS_WRITTEN" and states(answer) == ["WRITTEN"]
