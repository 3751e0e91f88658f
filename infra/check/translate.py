"""Prints the CloudFormation template of a SAM template: translate.py TEMPLATE CODE_S3_URI."""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

path, code = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = code
# Managed policies by name would need a call to IAM. The template uses none.
translator = Translator({}, Parser())
print(json.dumps(translator.translate(template, {}), indent=2))
