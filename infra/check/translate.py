"""Makes plain CloudFormation of template.yaml: no transform, and the code from the parameters CodeBucket and CodeKey."""

import re
import tomllib

import tools

INTERFACE = "AWS::CloudFormation::Interface"
BUCKET = {
    "Type": "String",
    "Description": "S3 bucket with the function's code, in the region of this stack.",
    "AllowedPattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    "ConstraintDescription": "must be the name of an S3 bucket",
}
KEY = {
    "Type": "String",
    "Default": "",
    "Description": "Key of the zip file, built for Architecture. Empty takes {default}, or -arm64.zip.",
    "AllowedPattern": "^(|[A-Za-z0-9!_.*'()/-]{1,1024})$",
    "ConstraintDescription": "must be the key of an object, without spaces",
}


def version():
    manifest = tomllib.loads((tools.ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    return manifest["workspace"]["package"]["version"]


def plain():
    """The template as a value. It needs the environment SAM."""
    from samcli.yamlhelper import yaml_parse
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = yaml_parse(tools.TEMPLATE.read_text(encoding="utf-8"))
    key = f"acm-dns-validator/{version()}/bootstrap-${{Architecture}}.zip"
    code = {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Fn::If": ["HasCodeKey", {"Ref": "CodeKey"}, {"Fn::Sub": key}]}}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code
    # Managed policies by name would need a call to IAM. The template uses none.
    template = Translator({}, Parser()).translate(template, {})

    template["Description"] += f" Version {version()}."
    described = KEY | {"Description": KEY["Description"].format(default=key.replace("${Architecture}", "x86_64"))}
    template["Parameters"] = {"CodeBucket": BUCKET, "CodeKey": described} | template["Parameters"]
    template["Conditions"]["HasCodeKey"] = {"Fn::Not": [{"Fn::Equals": [{"Ref": "CodeKey"}, ""]}]}
    # The rest of the metadata is for sam publish and for linters.
    interface = template["Metadata"][INTERFACE]
    interface["ParameterGroups"].insert(0, {"Label": {"default": "Code"}, "Parameters": ["CodeBucket", "CodeKey"]})
    interface["ParameterLabels"] |= {"CodeBucket": {"default": "Bucket of the code"}, "CodeKey": {"default": "Key of the code"}}
    template["Metadata"] = {INTERFACE: interface}
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
        properties = resource.get("Properties", {})
        # SAM's tag, which says that SAM created the resource.
        if "Tags" in properties:
            properties["Tags"] = [tag for tag in properties["Tags"] if tag["Key"] != "lambda:createdBy"]
            properties["Tags"] or properties.pop("Tags")
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            text, variables = properties["DashboardBody"]["Fn::Sub"]
            properties["DashboardBody"] = {"Fn::Sub": [without_space(text), variables]}
    return template


def without_space(text):
    """JSON without the space between its tokens. Placeholders such as ${Name} may be among them."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match[1] or "", text)


def written(template):
    """The template as YAML, one line for each parameter, resource and output: CloudFormation accepts 51,200 bytes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

        def choose_scalar_style(self):
            """No quotes around what a tag such as !Ref is about, where they are not needed."""
            style = super().choose_scalar_style()
            return "" if style == "'" and (self.event.tag or "").startswith("!") and self.analysis.allow_flow_plain else style

        def write_indicator(self, indicator, *arguments, **options):
            """No space behind commas: YAML needs none between the items of a flow collection."""
            super().write_indicator(indicator, *arguments, **options)
            self.whitespace = self.whitespace or indicator == ","

    class Short:
        def __init__(self, tag, value):
            self.tag, self.value = tag, value

    def represent(dumper, short):
        kind = {dict: dumper.represent_mapping, list: dumper.represent_sequence}.get(type(short.value), dumper.represent_scalar)
        return kind(short.tag, short.value)

    def shortened(value):
        if isinstance(value, list):
            return [shortened(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Fn::GetAtt" and isinstance(argument, list):
                argument = ".".join(argument)
            if name == "Ref" or name.startswith("Fn::") or (name == "Condition" and isinstance(argument, str)):
                return Short("!" + name.removeprefix("Fn::"), shortened(argument))
        return {key: shortened(each) for key, each in value.items()}

    def line(value):
        text = yaml.dump(shortened(value), Dumper=Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1 << 30)
        return text.removesuffix("...\n").rstrip("\n")

    Dumper.add_representer(Short, represent)
    lines = [f"# acm-dns-validator {version()}: made of template.yaml, which has the comments, by release/template."]
    for section, value in template.items():
        if isinstance(value, dict):
            lines += [f"{section}:", *(f"  {name}: {line(each)}" for name, each in value.items())]
        else:
            lines.append(f"{section}: {line(value)}")
    return "\n".join(lines) + "\n"
