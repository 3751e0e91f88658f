"""Reads CloudFormation templates, and works out what they say for given parameters, account and region."""

import json
import re


def load(path):
    """A template, YAML or JSON. `!Ref x` reads as {"Ref": x}, as in JSON."""
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


NO_VALUE = object()


class Resolver:
    """A template with its parameters set, in a place (account, partition, region). Raises on whatever it does not know."""

    def __init__(self, template, place, parameters=None, names=None):
        """`names` are the physical names of resources by logical id. The logical id is used for the others."""
        self.template, self.place, self.names = template, place, names or {}
        declared = template.get("Parameters", {})
        unknown = (parameters or {}).keys() - declared.keys()
        if unknown:
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        self.parameters = {name: parameter.get("Default") for name, parameter in declared.items()} | (parameters or {})

    def resolve(self, value):
        """A value without intrinsic functions. AWS::NoValue is left out."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self.call(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def resources(self, *types):
        """The resources that are created, of these types or of all: (logical id, properties)."""
        return [
            (key, resource.get("Properties", {}))
            for key, resource in self.template["Resources"].items()
            if (not types or resource["Type"] in types) and ("Condition" not in resource or self.condition(resource["Condition"]))
        ]

    def condition(self, condition):
        if isinstance(condition, str):
            return self.condition(self.template["Conditions"][condition])
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::And":
                return all(self.condition(each) for each in argument)
            case "Fn::Or":
                return any(self.condition(each) for each in argument)
            case "Fn::Not":
                return not self.condition(argument[0])
            case "Fn::Equals":
                left, right = map(self.resolve, argument)
                return str(left) == str(right)
        raise ValueError(f"unknown condition {name}")

    def call(self, name, argument):
        match name:
            case "Ref":
                return self.ref(argument)
            case "Fn::GetAtt":
                return self.attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            case "Fn::If":
                return self.resolve(argument[1 if self.condition(argument[0]) else 2])
            case "Fn::Join":
                return argument[0].join(map(str, self.resolve(argument[1])))
            case "Fn::Select":
                return self.resolve(argument[1])[int(self.resolve(argument[0]))]
            case "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            case "Fn::Sub":
                text, variables = (argument, {}) if isinstance(argument, str) else argument

                def substitute(match):
                    key = match[1]
                    if key in variables:
                        return str(self.resolve(variables[key]))
                    return str(self.attribute(*key.split(".", 1)) if "." in key else self.ref(key))

                return re.sub(r"\$\{([^!}][^}]*)\}", substitute, text)
        raise ValueError(f"cannot resolve {name}")

    def ref(self, name):
        pseudo = {
            "AWS::AccountId": self.place["account"],
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": self.place["partition"],
            "AWS::Region": self.place["region"],
            "AWS::StackName": "acm-dns-validator",
            "AWS::URLSuffix": "amazonaws.com.cn" if self.place["partition"] == "aws-cn" else "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        # A reference to a topic is its ARN; a reference to another resource of these templates is its name.
        topic = self.template["Resources"].get(name, {}).get("Type") == "AWS::SNS::Topic"
        return self.attribute(name, "Arn") if topic else self.name(name)

    def name(self, key):
        if key not in self.template["Resources"]:
            raise ValueError(f"the template has neither a parameter nor a resource {key}")
        return self.names.get(key, key)

    def attribute(self, key, attribute):
        name, kind = self.name(key), self.template["Resources"][key]["Type"]
        account, partition, region = (self.place[part] for part in ("account", "partition", "region"))
        arns = {
            "AWS::CloudWatch::Alarm": f"cloudwatch:{region}:{account}:alarm:{name}",
            "AWS::Events::Rule": f"events:{region}:{account}:rule/{name}",
            "AWS::IAM::Role": f"iam::{account}:role/{name}",
            "AWS::Lambda::Function": f"lambda:{region}:{account}:function:{name}",
            "AWS::Logs::LogGroup": f"logs:{region}:{account}:log-group:{name}:*",
            "AWS::SNS::Topic": f"sns:{region}:{account}:{name}",
            "AWS::SQS::Queue": f"sqs:{region}:{account}:{name}",
            "AWS::Scheduler::ScheduleGroup": f"scheduler:{region}:{account}:schedule-group/{name}",
            "AWS::Serverless::Function": f"lambda:{region}:{account}:function:{name}",
        }
        if (kind, attribute) in {("AWS::SQS::Queue", "QueueName"), ("AWS::SNS::Topic", "TopicName")}:
            return name
        if (kind, attribute) == ("AWS::SNS::Topic", "TopicArn"):
            attribute = "Arn"
        if attribute != "Arn" or kind not in arns:
            raise ValueError(f"cannot resolve {attribute} of a {kind}")
        return f"arn:{partition}:{arns[kind]}"


YES, NO = {"Fn::Equals": ["yes", "yes"]}, {"Fn::Equals": ["yes", "no"]}


def with_fixed_conditions(template, parameters, region, account="000000000000"):
    """A copy of the template with the result of each condition in its place: the emulator does not evaluate all of them."""
    resolver = Resolver(template, {"account": account, "partition": "aws", "region": region}, parameters)
    conditions = {name: YES if resolver.condition(name) else NO for name in template["Conditions"]}
    return json.loads(json.dumps(template | {"Conditions": conditions}))


def target(value):
    """The logical id that a value refers to."""
    found = value.get("Ref") or value.get("Fn::GetAtt") if isinstance(value, dict) else None
    if not found:
        raise ValueError(f"expected a reference to a resource, not {json.dumps(value)}")
    return (found if isinstance(found, str) else found[0]).split(".")[0]


def listed(value):
    return value if isinstance(value, list) else [value]


class FunctionStack:
    """A stack with the function, and with the overview if it has a dashboard: its roles, the policies of its resources, and the ARNs of
    its rules.

    `names` are the physical names by part: what the cases of the checks call a role, a queue or a group.
    """

    def __init__(self, template, place, parameters, names):
        bare = Resolver(template, place, parameters)
        functions = bare.resources("AWS::Lambda::Function", "AWS::Serverless::Function")
        # The overview schedules nothing, so it needs no queue for checks that could not be delivered.
        writes = lambda each: "SCHEDULE_DEAD_LETTER_QUEUE_ARN" in each["Environment"]["Variables"]
        ((function, self.function),) = [(key, each) for key, each in functions if writes(each)]
        overviews = [(key, each) for key, each in functions if not writes(each)]
        # SAM would add policies of its own to a role that it creates.
        if any(each.get("Policies") or not each.get("Role") for _, each in functions):
            raise ValueError("a function has no role of its own")
        variables = self.function["Environment"]["Variables"]
        schedules = [each for _, each in bare.resources("AWS::Scheduler::Schedule")]
        (sweep,) = [each for each in schedules if "Certificate Sweep" in json.dumps(each)]
        audits = [each for each in schedules if "Certificate Audit" in json.dumps(each)]
        configured = bare.resources("AWS::Lambda::EventInvokeConfig")
        self.invoke = configured[0][1] if configured else self.function["EventInvokeConfig"]
        keys = {
            "function": function,
            "functionRole": target(self.function["Role"]),
            "scheduleRole": target(variables["SCHEDULE_ROLE_ARN"]),
            "scheduleGroup": target(variables["SCHEDULE_GROUP"]),
            "sweepRole": target(sweep["Target"]["RoleArn"]),
            "deadLetters": target(self.invoke["DestinationConfig"]["OnFailure"]["Destination"]),
            "logGroup": target(self.function["LoggingConfig"]["LogGroup"]),
        }
        for audit in audits:
            keys["auditRole"] = target(audit["Target"]["RoleArn"])
        for _, mapping in bare.resources("AWS::Lambda::EventSourceMapping"):
            keys["queue"] = target(mapping["EventSourceArn"])
        for key, _ in bare.resources("AWS::SNS::Topic"):
            keys["topic"] = key
        self.overview = None
        for key, self.overview in overviews:
            keys |= {
                "overview": key,
                "overviewRole": target(self.overview["Role"]),
                "overviewLog": target(self.overview["LoggingConfig"]["LogGroup"]),
            }
        self.resolver = Resolver(template, place, parameters, {key: names[part] for part, key in keys.items()})
        self.roles = {part: role(self.resolver, keys[f"{part}Role"]) for part in ("function", "schedule", "sweep", "audit", "overview") if f"{part}Role" in keys}
        self.resources = resource_policies(self.resolver)
        # Each template names its rules as it likes; the cases call them rule-0, rule-1 …
        self.rules = [self.resolver.attribute(key, "Arn") for key, _ in self.resolver.resources("AWS::Events::Rule")]

    def policies(self):
        return {"roles": self.roles, "resources": self.resources, "rules": self.rules}


def role(resolver, key):
    """A role: its ARN, its trust policy, and its other policies."""
    made = dict(resolver.resources("AWS::IAM::Role"))
    if key not in made:
        raise ValueError(f"the template creates no role {key}")
    if made[key].get("ManagedPolicyArns") or made[key].get("PermissionsBoundary"):
        raise ValueError(f"{key} has policies that are not in the template")
    attached = [
        policy
        for _, policy in resolver.resources("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
        if any(target(each) == key for each in listed(policy.get("RoleName") or policy.get("Roles") or []))
    ]
    return {
        "arn": resolver.attribute(key, "Arn"),
        "trust": resolver.resolve(made[key]["AssumeRolePolicyDocument"]),
        "policies": [resolver.resolve(policy["PolicyDocument"]) for policy in [*made[key].get("Policies", []), *attached]],
    }


def resource_policies(resolver):
    """The policies of queues, of topics, of the event bus and of the function, by ARN."""
    account, partition, region = (resolver.place[part] for part in ("account", "partition", "region"))
    policies = {}

    def add(arn, statements):
        policies.setdefault(arn, {"Version": "2012-10-17", "Statement": []})["Statement"] += statements

    for _, policy in resolver.resources("AWS::SQS::QueuePolicy"):
        for queue in policy["Queues"]:
            add(resolver.attribute(target(queue), "Arn"), resolver.resolve(policy["PolicyDocument"])["Statement"])
    for _, policy in resolver.resources("AWS::SNS::TopicPolicy"):
        for topic in policy["Topics"]:
            add(resolver.ref(target(topic)), resolver.resolve(policy["PolicyDocument"])["Statement"])
    for _, policy in resolver.resources("AWS::Events::EventBusPolicy"):
        bus = resolver.resolve(policy.get("EventBusName", "default"))
        statement = {"Sid": "Organization"} | resolver.resolve(policy["Statement"])
        add(f"arn:{partition}:events:{region}:{account}:event-bus/{bus}", [statement])
    for key, permission in resolver.resources("AWS::Lambda::Permission"):
        arn = resolver.attribute(target(permission["FunctionName"]), "Arn")
        statement = {
            "Sid": key,
            "Effect": "Allow",
            "Principal": {"Service": permission["Principal"]},
            "Action": permission["Action"],
            "Resource": arn,
            "Condition": {"ArnLike": {"AWS:SourceArn": resolver.resolve(permission["SourceArn"])}},
        }
        add(arn, [statement])
    return policies
