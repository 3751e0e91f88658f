"""The calls of `run`: every operation of the simulator, with every answer and every error that it has.

A case is one call. The cases run from top to bottom in one world; later cases use values that earlier ones keep.
"""

import dataclasses
import datetime
import json
import typing

ACCOUNT = "123456789012"
REGION = "us-east-1"
DOMAIN = "example.com"
NOWHERE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/ffffffff-ffff-4fff-8fff-ffffffffffff"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:validator"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
ALGORITHMS = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


@dataclasses.dataclass
class Case:
    name: str
    service: str
    operation: str
    # The parameters, or a function that makes them from the kept values.
    given: typing.Any
    # The expected error; None if the call should succeed.
    error: str | None = None
    # Values of the answer to keep: name, and path in the answer.
    keep: dict = dataclasses.field(default_factory=dict)
    # Whether the emulators get the call too.
    others: bool = True
    # A test of the answer, which the simulator must pass within seconds; the call is repeated until then.
    until: typing.Any = None
    # The credentials: the usual ones (None), those kept under this name, unknown ones (nobody), or no signature (unsigned).
    who: str | None = None
    # A fault to inject into the simulator first.
    fault: str | None = None
    # A test of the answer, beyond the model.
    shows: typing.Any = None
    # Bytes to send instead of the body.
    body: bytes | None = None
    # Repeat the call until it fails with the expected error.
    again: bool = False
    # Whether the simulator has the operation at all.
    served: bool = True

    def parameters(self, kept):
        return self.given(kept) if callable(self.given) else self.given


CASES = []


def case(name, service, operation, given=None, error=None, **more):
    CASES.append(Case(name, service, operation, given or {}, error, **more))


# The times of the schedules, the same for every world. No case waits for one.
SOON = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(days=2)


def later(seconds):
    return f"at({SOON + datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S})"


# --- Organizations: the account manages an organization of 25 accounts ---
case("list a page of accounts", "organizations", "ListAccounts", others=False, keep={"accountsToken": ["NextToken"]},
     shows=lambda it: len(it["Accounts"]) == 20)  # fmt: skip
case("list the other page", "organizations", "ListAccounts", lambda kept: {"NextToken": kept["accountsToken"]}, others=False,
     shows=lambda it: len(it["Accounts"]) == 5 and "NextToken" not in it)  # fmt: skip
case("list too large a page", "organizations", "ListAccounts", {"MaxResults": 21}, "InvalidInputException", others=False)
case("list with an unknown token", "organizations", "ListAccounts", {"NextToken": "x"}, "InvalidInputException", others=False)
case("list accounts as nobody's member", "organizations", "ListAccounts", {}, "AWSOrganizationsNotInUseException", others=False, who="stranger")
case("list accounts as a member", "organizations", "ListAccounts", {}, "AccessDeniedException", others=False, who="member")
case("list accounts by a body that is no JSON", "organizations", "ListAccounts", {}, "SerializationException", others=False, body=b"{")
case("describe an account", "organizations", "DescribeAccount", {"AccountId": ACCOUNT}, others=False,
     shows=lambda it: it["Account"]["State"] == "ACTIVE")  # fmt: skip
case("describe an account of nobody", "organizations", "DescribeAccount", {"AccountId": "999999999999"}, "AccountNotFoundException", others=False)

# --- STS ---
case("caller: long-lived keys", "sts", "GetCallerIdentity", shows=lambda it: it["Account"] == ACCOUNT)
case("caller: unknown keys", "sts", "GetCallerIdentity", error="InvalidClientTokenId", who="nobody", others=False)
role = lambda kept: {"RoleArn": kept["zonesRoleArn"], "RoleSessionName": "evidence"}
session = {"session": ("Credentials",), "user": ("AssumedRoleUser", "Arn")}
case("assume a role", "sts", "AssumeRole", role, keep=session)
case("assume a role for a quarter of an hour", "sts", "AssumeRole", lambda kept: role(kept) | {"DurationSeconds": 900})
case("caller: a session", "sts", "GetCallerIdentity", who="session", shows=lambda it: ":assumed-role/zones/evidence" in it["Arn"])
case("assume a role for 60 seconds", "sts", "AssumeRole", lambda kept: role(kept) | {"DurationSeconds": 60}, "ValidationError")
case("assume a role for too long", "sts", "AssumeRole", lambda kept: role(kept) | {"DurationSeconds": 7200}, "ValidationError")
case("assume a role with an invalid session name", "sts", "AssumeRole", lambda kept: role(kept) | {"RoleSessionName": "a b"}, "ValidationError")
stranger = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody", "RoleSessionName": "evidence"}
case("assume a role that does not exist", "sts", "AssumeRole", stranger, "AccessDenied")

# --- ACM ---
names = {"DomainName": f"www.{DOMAIN}", "SubjectAlternativeNames": [DOMAIN, f"*.{DOMAIN}"], "ValidationMethod": "DNS"}
tagged = names | {"IdempotencyToken": "once", "Tags": [{"Key": "team", "Value": "dns"}]}
case("request a certificate", "acm", "RequestCertificate", tagged, keep={"arn": ("CertificateArn",)})
case(
    "request it again with its token", "acm", "RequestCertificate", tagged,
    keep={"same": ("CertificateArn",)}, shows=lambda it: it["CertificateArn"].endswith("000000000002"),
)  # fmt: skip
it = lambda kept: {"CertificateArn": kept["arn"]}
case("describe a certificate", "acm", "DescribeCertificate", it, keep={
    "record": ("Certificate", "DomainValidationOptions", 0, "ResourceRecord"),
    "shared": ("Certificate", "DomainValidationOptions", 1, "ResourceRecord"),
})  # fmt: skip
case("list its tags", "acm", "ListTagsForCertificate", it)
case("tag it", "acm", "AddTagsToCertificate", lambda kept: it(kept) | {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b"}]})
case("list its tags afterwards", "acm", "ListTagsForCertificate", it)
untag = lambda value: lambda kept: it(kept) | {"Tags": [{"Key": "a", "Value": value}]}
case("remove a tag with another value", "acm", "RemoveTagsFromCertificate", untag("2"))
case("list its tags, with that tag", "acm", "ListTagsForCertificate", it)
case("remove a tag", "acm", "RemoveTagsFromCertificate", untag("1"))
case("list its tags, without that tag", "acm", "ListTagsForCertificate", it)
reserved = lambda kept: it(kept) | {"Tags": [{"Key": "aws:x", "Value": "1"}]}
case("tag it with a reserved key", "acm", "AddTagsToCertificate", reserved, "InvalidTagException")
many = lambda kept: it(kept) | {"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(50)]}
case("tag it with too many tags", "acm", "AddTagsToCertificate", many, "TooManyTagsException")
case("list the names' validations", "acm", "ListCertificateDomainValidations", it, others=False)
case("list one validation", "acm", "ListCertificateDomainValidations", lambda kept: it(kept) | {"MaxItems": 1}, others=False,
     keep={"next name": ("NextToken",)})  # fmt: skip
case("list the next validation", "acm", "ListCertificateDomainValidations",
     lambda kept: it(kept) | {"MaxItems": 1, "NextToken": kept["next name"]}, others=False)  # fmt: skip
case("request an EC certificate", "acm", "RequestCertificate",
     {"DomainName": DOMAIN, "ValidationMethod": "DNS", "KeyAlgorithm": "EC_prime256v1"}, keep={"ec": ("CertificateArn",)})  # fmt: skip
case("describe an EC certificate", "acm", "DescribeCertificate", lambda kept: {"CertificateArn": kept["ec"]})
case("request one by e-mail", "acm", "RequestCertificate", {
    "DomainName": f"a.{DOMAIN}", "ValidationMethod": "EMAIL",
    "DomainValidationOptions": [{"DomainName": f"a.{DOMAIN}", "ValidationDomain": DOMAIN}],
}, keep={"email": ("CertificateArn",)})  # fmt: skip
case("describe one by e-mail", "acm", "DescribeCertificate", lambda kept: {"CertificateArn": kept["email"]})
case("request one for CloudFront", "acm", "RequestCertificate", {"DomainName": f"b.{DOMAIN}", "ManagedBy": "CLOUDFRONT"},
     keep={"http": ("CertificateArn",)}, others=False)  # fmt: skip
case("describe one for CloudFront", "acm", "DescribeCertificate", lambda kept: {"CertificateArn": kept["http"]}, others=False)
authority = f"arn:aws:acm-pca:{REGION}:{ACCOUNT}:certificate-authority/11111111-1111-4111-8111-111111111111"
case("request a private one", "acm", "RequestCertificate", {"DomainName": f"c.{DOMAIN}", "CertificateAuthorityArn": authority},
     keep={"private": ("CertificateArn",)}, others=False)  # fmt: skip
case("describe a private one", "acm", "DescribeCertificate", lambda kept: {"CertificateArn": kept["private"]}, others=False)
case("request one with an invalid domain name", "acm", "RequestCertificate", {"DomainName": "-.com", "ValidationMethod": "DNS"}, "ValidationException")
case("request one with a token too long", "acm", "RequestCertificate",
     {"DomainName": DOMAIN, "IdempotencyToken": "x" * 33}, "ValidationException")  # fmt: skip
case("request one with an unknown algorithm", "acm", "RequestCertificate", {"DomainName": DOMAIN, "KeyAlgorithm": "RSA_1"}, "ValidationException")
case("request one for too many names", "acm", "RequestCertificate",
     {"DomainName": DOMAIN, "SubjectAlternativeNames": [f"n{n}.{DOMAIN}" for n in range(100)]}, "LimitExceededException")  # fmt: skip
case("request one with a foreign validation domain", "acm", "RequestCertificate", {
    "DomainName": DOMAIN, "ValidationMethod": "EMAIL",
    "DomainValidationOptions": [{"DomainName": DOMAIN, "ValidationDomain": "example.net"}],
}, "InvalidDomainValidationOptionsException")  # fmt: skip
case("describe one that does not exist", "acm", "DescribeCertificate", {"CertificateArn": NOWHERE}, "ResourceNotFoundException")
case("describe a text that is not an ARN", "acm", "DescribeCertificate", {"CertificateArn": "x" * 30}, "ValidationException")
case("describe an ARN that is not a certificate's", "acm", "DescribeCertificate",
     {"CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:domain/1"}, "InvalidArnException")  # fmt: skip
case("list tags of one that does not exist", "acm", "ListTagsForCertificate", {"CertificateArn": NOWHERE}, "ResourceNotFoundException")
case("delete one that does not exist", "acm", "DeleteCertificate", {"CertificateArn": NOWHERE}, "ResourceNotFoundException")
case("list certificates", "acm", "ListCertificates", {"CertificateStatuses": ["PENDING_VALIDATION"], "Includes": {"keyTypes": ALGORITHMS}},
     others=False)  # fmt: skip
case("list certificates with the default algorithms", "acm", "ListCertificates", {"CertificateStatuses": ["PENDING_VALIDATION"]}, others=False,
     shows=lambda it: all(found["KeyAlgorithm"] == "RSA-2048" for found in it["CertificateSummaryList"]))  # fmt: skip
case("list one certificate", "acm", "ListCertificates", {"MaxItems": 1}, keep={"next": ("NextToken",)}, others=False)
case("list the next certificate", "acm", "ListCertificates", lambda kept: {"MaxItems": 1, "NextToken": kept["next"]}, others=False)
case("list from an invalid token", "acm", "ListCertificates", {"NextToken": "nowhere"}, "ValidationException", others=False)
case("list certificates with an unknown algorithm", "acm", "ListCertificates", {"Includes": {"keyTypes": ["RSA_1"]}}, "ValidationException")
case("list a page of no certificates", "acm", "ListCertificates", {"MaxItems": 0}, "ValidationException")
waiting = {"Filter": {"AcmCertificateMetadataFilter": {"Status": "PENDING_VALIDATION"}}}
case("search for pending certificates", "acm", "SearchCertificates", {"FilterStatement": waiting, "MaxResults": 1}, keep={"found": ("NextToken",)},
     others=False)  # fmt: skip
case("search for the next page", "acm", "SearchCertificates", lambda kept: {"FilterStatement": waiting, "NextToken": kept["found"]}, others=False)
case("search with an empty filter", "acm", "SearchCertificates", {"FilterStatement": {"And": []}}, "ValidationException", others=False)
to_dns = {"Options": {"ValidationMethod": "DNS"}}
case("move a pending one to DNS", "acm", "UpdateCertificateOptions", lambda kept: it(kept) | to_dns, "InvalidStateException", others=False)
mail = lambda kept: {"CertificateArn": kept["certificateArn"]}
case("move one from e-mail to DNS", "acm", "UpdateCertificateOptions", lambda kept: mail(kept) | to_dns, others=False)
case("move it again", "acm", "UpdateCertificateOptions", lambda kept: mail(kept) | to_dns, "ConflictException", others=False)
case("describe the moved one", "acm", "DescribeCertificate", mail, others=False)
case("list the validations of the moved one", "acm", "ListCertificateDomainValidations", mail, others=False)
case("delete one in use", "acm", "DeleteCertificate", mail, "ResourceInUseException", others=False)
case("set an option that changes nothing", "acm", "UpdateCertificateOptions",
     lambda kept: it(kept) | {"Options": {"CertificateTransparencyLoggingPreference": "ENABLED"}})  # fmt: skip

# --- Route 53 ---
new = {"Name": "evidence.example.org", "CallerReference": "one", "HostedZoneConfig": {"Comment": "for <evidence> & tests"}}
case("create a zone", "route53", "CreateHostedZone", new, keep={"zone": ("HostedZone", "Id"), "change": ("ChangeInfo", "Id")})
case("create a private zone", "route53", "CreateHostedZone", {
    "Name": "inside.example.org", "CallerReference": "two", "HostedZoneConfig": {"PrivateZone": True},
    "VPC": {"VPCRegion": REGION, "VPCId": "vpc-0a1b2c3d"},
}, keep={"inside": ("HostedZone", "Id")})  # fmt: skip
case("create a zone in capitals", "route53", "CreateHostedZone", {"Name": "A.Example.ORG", "CallerReference": "nine"})
case("create a private zone without a VPC", "route53", "CreateHostedZone",
     {"Name": "b.example.org", "CallerReference": "four", "HostedZoneConfig": {"PrivateZone": True}}, "InvalidInput")  # fmt: skip
case("create a zone with an invalid name", "route53", "CreateHostedZone", {"Name": "a..b", "CallerReference": "five"}, "InvalidDomainName")
case("create a top-level domain", "route53", "CreateHostedZone", {"Name": "com", "CallerReference": "six"}, "InvalidDomainName")
case("create a zone with an unknown delegation set", "route53", "CreateHostedZone",
     {"Name": "c.example.org", "CallerReference": "seven", "DelegationSetId": "N1PA6795SAMPLE"}, "NoSuchDelegationSet")  # fmt: skip
case("create a zone with a comment too long", "route53", "CreateHostedZone",
     {"Name": "d.example.org", "CallerReference": "eight", "HostedZoneConfig": {"Comment": "x" * 257}}, "InvalidInput")  # fmt: skip
zone = lambda kept: {"HostedZoneId": kept["zone"]}
case("get a zone", "route53", "GetHostedZone", lambda kept: {"Id": kept["zone"]})
case("get a private zone", "route53", "GetHostedZone", lambda kept: {"Id": kept["inside"]})
case("get a zone that does not exist", "route53", "GetHostedZone", {"Id": "Z00000000000NOWHERE"}, "NoSuchHostedZone")
case("get a zone with an invalid id", "route53", "GetHostedZone", {"Id": "x" * 33}, "InvalidInput")
case("count zones", "route53", "GetHostedZoneCount", others=False)
case("get a change", "route53", "GetChange", lambda kept: {"Id": kept["change"]})
case("get a change that does not exist", "route53", "GetChange", {"Id": "C0000000000000NOWHERE"}, "NoSuchChange")
case("list zones", "route53", "ListHostedZones", others=False)
case("list one zone", "route53", "ListHostedZones", {"MaxItems": "1"}, keep={"marker": ("NextMarker",)}, others=False)
case("list the next zone", "route53", "ListHostedZones", lambda kept: {"MaxItems": "1", "Marker": kept["marker"]}, others=False)
case("list private zones", "route53", "ListHostedZones", {"HostedZoneType": "PrivateHostedZone"})
case("list zones of a delegation set", "route53", "ListHostedZones", {"DelegationSetId": "N1PA6795SAMPLE"}, "NoSuchDelegationSet")
case("list zones with an invalid page size", "route53", "ListHostedZones", {"MaxItems": "many"}, "InvalidInput")
case("list zones of an unknown type", "route53", "ListHostedZones", {"HostedZoneType": "Public"}, "InvalidInput")
case("list zones by name", "route53", "ListHostedZonesByName", {"DNSName": "evidence.example.org"})
case("list zones by name, one", "route53", "ListHostedZonesByName", {"DNSName": "evidence.example.org", "MaxItems": "1"},
     keep={"next id": ("NextHostedZoneId",), "next dns name": ("NextDNSName",)})  # fmt: skip
case("list zones by name, the next", "route53", "ListHostedZonesByName",
     lambda kept: {"DNSName": kept["next dns name"], "HostedZoneId": kept["next id"], "MaxItems": "1"},
     others=False, shows=lambda it: it["HostedZones"][0]["Name"] == "inside.example.org.")  # ministack filters by its random ids  # fmt: skip
case("list zones by an unused name", "route53", "ListHostedZonesByName", {"DNSName": "f.example.org", "MaxItems": "1"})
case("list zones by id without a name", "route53", "ListHostedZonesByName", lambda kept: {"HostedZoneId": kept["zone"]}, "InvalidInput")
case("list zones by an invalid name", "route53", "ListHostedZonesByName", {"DNSName": "a..b"}, "InvalidDomainName")
tags = lambda **more: lambda kept: {"ResourceType": "hostedzone", "ResourceId": kept["zone"].split("/")[-1], **more}
case("tag a zone", "route53", "ChangeTagsForResource",
     tags(AddTags=[{"Key": "team", "Value": "dns"}, {"Key": "old", "Value": ""}]))  # fmt: skip
case("remove a zone's tag", "route53", "ChangeTagsForResource", tags(RemoveTagKeys=["old"]))
case("change no tags of a zone", "route53", "ChangeTagsForResource", tags(AddTags=[]), "InvalidInput")
case("list a zone's tags", "route53", "ListTagsForResource", tags())
case("list tags of a zone that does not exist", "route53", "ListTagsForResource",
     {"ResourceType": "hostedzone", "ResourceId": "Z00000000000NOWHERE"}, "NoSuchHostedZone")  # fmt: skip
case("list tags of a health check that does not exist", "route53", "ListTagsForResource",
     {"ResourceType": "healthcheck", "ResourceId": "11111111-1111-4111-8111-111111111111"}, "NoSuchHealthCheck")  # fmt: skip
case("list tags of a bucket", "route53", "ListTagsForResource", {"ResourceType": "bucket", "ResourceId": "b"}, "InvalidInput")
ids = lambda kept: [kept["zone"].split("/")[-1], kept["inside"].split("/")[-1]]
case("list tags of several zones", "route53", "ListTagsForResources", lambda kept: {"ResourceType": "hostedzone", "ResourceIds": ids(kept)})
case("list tags of too many zones", "route53", "ListTagsForResources",
     lambda kept: {"ResourceType": "hostedzone", "ResourceIds": ids(kept) * 6}, "InvalidInput")  # fmt: skip


def change(action, record_type="CNAME", name="_a.evidence.example.org", values=("b.acm-validations.aws.",), ttl=300, **more):
    record = {"Name": name, "Type": record_type, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]} | more
    return {"Action": action, "ResourceRecordSet": {key: value for key, value in record.items() if value is not None}}


def batch(*changes, zone="zone", **more):
    return lambda kept: {"HostedZoneId": kept[zone], "ChangeBatch": {"Changes": list(changes), **more}}


def write(name, *changes, error="InvalidChangeBatch", **more):
    case(name, "route53", "ChangeResourceRecordSets", batch(*changes), error, **more)


write("write a record", change("CREATE"), error=None, keep={"written": ("ChangeInfo", "Id")})
case("write with a comment", "route53", "ChangeResourceRecordSets", batch(change("UPSERT"), Comment="again"),
     keep={"commented": ("ChangeInfo", "Id")})  # fmt: skip
case("get a change with a comment", "route53", "GetChange", lambda kept: {"Id": kept["commented"]})
write("write an alias", change("UPSERT", "A", name="alias.evidence.example.org", ttl=None, ResourceRecords=None, AliasTarget={
    "HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d111111abcdef8.cloudfront.net.", "EvaluateTargetHealth": False}), error=None)  # fmt: skip
weighted = lambda number: change("UPSERT", "A", name="w.evidence.example.org", values=[f"192.0.2.{number}"], SetIdentifier=f"s{number}", Weight=number)
write("write weighted records", weighted(1), weighted(2), error=None)
write("write a wildcard and text", change("UPSERT", name="*.evidence.example.org"),
      change("UPSERT", "TXT", name="txt.evidence.example.org", values=['"a \\"b\\" <c> & d"']), error=None)  # fmt: skip
case("list records", "route53", "ListResourceRecordSets", zone)
case("list two records", "route53", "ListResourceRecordSets", lambda kept: zone(kept) | {"MaxItems": "2"},
     keep={"next record": ("NextRecordName",), "next type": ("NextRecordType",)})  # fmt: skip
case("list two more records", "route53", "ListResourceRecordSets",
     lambda kept: zone(kept) | {"MaxItems": "2", "StartRecordName": kept["next record"], "StartRecordType": kept["next type"]})  # fmt: skip
case("list records up to a weighted one", "route53", "ListResourceRecordSets",
     lambda kept: zone(kept) | {"MaxItems": "1", "StartRecordName": "w.evidence.example.org", "StartRecordType": "A"})  # fmt: skip
write("create a record that exists", change("CREATE"))
write("delete a record that does not exist", change("DELETE", name="_c.evidence.example.org"))
write("delete a record with another value", change("DELETE", values=["c.acm-validations.aws."]))
write("write outside the zone", change("UPSERT", name="notevidence.example.org"))
write("write a CNAME at the apex", change("UPSERT", name="evidence.example.org"))
write("write an address beside a CNAME", change("UPSERT", "A", values=["192.0.2.1"]))
write("write an invalid address", change("UPSERT", "A", name="www.evidence.example.org", values=["192.0.2"]))
write("write text without quotation marks", change("UPSERT", "TXT", name="txt.evidence.example.org", values=["plain"]))
write("write one record twice", change("UPSERT"), change("UPSERT"))
write("write a CNAME with two values", change("UPSERT", name="_d.evidence.example.org", values=["a.example.", "b.example."]))
write("delete the zone's name servers", change("DELETE", "NS", name="evidence.example.org", values=["x."]))
write("write an empty batch", error="InvalidInput")
write("write a record without a value", change("UPSERT", values=[]), error="InvalidInput")
write("write a record of an unknown type", change("UPSERT", "NAME"), error="InvalidInput")
write("write a record with an unknown action", change("REPLACE"), error="InvalidInput")
write("write a record with too large a TTL", change("UPSERT", ttl=2147483648), error="InvalidInput")
write("write a record with an unknown health check", change("UPSERT", HealthCheckId="11111111-1111-4111-8111-111111111111"), error="NoSuchHealthCheck")
write("write one good and one bad record", change("UPSERT", name="_good.evidence.example.org"), change("UPSERT", name="notevidence.example.org"))
case("see that neither was written", "route53", "ListResourceRecordSets",
     lambda kept: zone(kept) | {"StartRecordName": "_good.evidence.example.org", "StartRecordType": "CNAME", "MaxItems": "1"})  # fmt: skip
write("write a weighted record without a set identifier", change("UPSERT", "A", name="v.evidence.example.org", values=["192.0.2.1"], Weight=1), error="InvalidInput")
write("write a plain record beside weighted ones", change("UPSERT", "A", name="w.evidence.example.org", values=["192.0.2.1"]))
case("list records of a type without a name", "route53", "ListResourceRecordSets", lambda kept: zone(kept) | {"StartRecordType": "A"}, "InvalidInput")
case("list records of a zone that does not exist", "route53", "ListResourceRecordSets", {"HostedZoneId": "Z00000000000NOWHERE"}, "NoSuchHostedZone")
case("write to a zone that does not exist", "route53", "ChangeResourceRecordSets",
     {"HostedZoneId": "Z00000000000NOWHERE", "ChangeBatch": {"Changes": [change("UPSERT")]}}, "NoSuchHostedZone")  # fmt: skip
case("create a zone again", "route53", "CreateHostedZone", new, "HostedZoneAlreadyExists")
case("delete a zone with records", "route53", "DeleteHostedZone", lambda kept: {"Id": kept["zone"]}, "HostedZoneNotEmpty")
case("create a second zone of the same name", "route53", "CreateHostedZone", new | {"CallerReference": "three"}, keep={"twin": ("HostedZone", "Id")})
case("delete a zone", "route53", "DeleteHostedZone", lambda kept: {"Id": kept["twin"]})
case("delete it again", "route53", "DeleteHostedZone", lambda kept: {"Id": kept["twin"]}, "NoSuchHostedZone")
case("create a zone with a deleted one's reference", "route53", "CreateHostedZone", new | {"CallerReference": "three"}, "HostedZoneAlreadyExists")
case("write to another service's zone", "route53", "ChangeResourceRecordSets",
     batch(change("UPSERT", name=f"a.linked.{DOMAIN}"), zone="linkedHostedZoneId"), "AccessDenied", others=False)  # fmt: skip
case("get another service's zone", "route53", "GetHostedZone", lambda kept: {"Id": kept["linkedHostedZoneId"]}, others=False)
case("send malformed XML", "route53", "CreateHostedZone", new, "MalformedInput", others=False, body=b"<a>")
case("call with unknown keys", "route53", "GetHostedZoneCount", error="InvalidClientTokenId", who="nobody", others=False)

# --- EventBridge ---
entry = {"Source": "evidence", "DetailType": "Evidence", "Detail": json.dumps({"a": 1})}


def put(name, *entries, error=None, **more):
    case(name, "events", "PutEvents", {"Entries": list(entries)}, error, **more)


put("put an event", entry)
put("put an event with every field", entry | {
    "Time": datetime.datetime(2026, 11, 23, 8, tzinfo=datetime.UTC), "Resources": [NOWHERE], "EventBusName": "default"})  # fmt: skip
put("put an event by its bus's ARN", entry | {"EventBusName": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"})
put("put a good event and bad ones", entry, entry | {"Detail": "no JSON"}, entry | {"Detail": "[]"}, {"Source": "a"})
put("put an event with a source of AWS", entry | {"Source": "aws.acm"})
put("put an event on an unknown bus", entry | {"EventBusName": "nowhere"})
put("put no event", error="ValidationException")
put("put too many events", *[entry] * 11, error="ValidationException")
case("send malformed JSON", "events", "PutEvents", {"Entries": [entry]}, "SerializationException", others=False, body=b"{")
case("put with unknown keys", "events", "PutEvents", {"Entries": [entry]}, "UnrecognizedClientException", who="nobody", others=False)

# --- event patterns: the examples of EventBridge's documentation ---
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html and eb-create-pattern-operators.html, and its event of EC2:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
INSTANCE = {
    "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2", "account": "111122223333", "time": "2017-12-22T18:43:48Z", "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"},
}  # fmt: skip


def pattern(name, wanted, matches, **detail):
    event = INSTANCE | {"detail": detail or INSTANCE["detail"]}
    given = {"EventPattern": json.dumps(wanted), "Event": json.dumps(event)}
    case(f"pattern: {name}", "events", "TestEventPattern", given, shows=lambda it: it["Result"] == matches)


whole = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"], "detail": {"state": ["terminated"]}}
pattern("source, type and state", whole, True)
pattern("source, type and another state", whole, False, state="running")
pattern("one field of many", {"source": ["aws.ec2"]}, True)
pattern("a missing field", {"detail": {"c-count": ["1"]}}, False)
pattern("one of several values", {"detail": {"state": ["stopped", "terminated"]}}, True)
pattern("an element of an array", {"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]}, True)
pattern("no element of an array", {"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-0"]}, False)
pattern("empty", {"detail": {"LastName": [""]}}, True, LastName="")
pattern("null", {"detail": {"UserID": [None]}}, True, UserID=None)
pattern("null, with an empty text", {"detail": {"UserID": [None]}}, False, UserID="")
pattern("begins with", {"detail": {"Region": [{"prefix": "us-"}]}}, True, Region="us-west-1")
pattern("does not begin with", {"detail": {"Region": [{"prefix": "us-"}]}}, False, Region="eu-west-1")
pattern("ends with", {"detail": {"FileName": [{"suffix": ".png"}]}}, True, FileName="a.png")
pattern("does not end with", {"detail": {"FileName": [{"suffix": ".png"}]}}, False, FileName="a.png.gz")
pattern("equals, ignoring case", {"detail": {"Name": [{"equals-ignore-case": "alice"}]}}, True, Name="ALICE")
pattern("exists", {"detail": {"ProductName": [{"exists": True}]}}, True, ProductName="a")
pattern("does not exist", {"detail": {"ProductName": [{"exists": False}]}}, True, state="a")
pattern("exists against exists: false", {"detail": {"ProductName": [{"exists": False}]}}, False, ProductName="a")
pattern("anything but", {"detail": {"state": [{"anything-but": "initializing"}]}}, True)
pattern("anything but, with that value", {"detail": {"state": [{"anything-but": "initializing"}]}}, False, state="initializing")
pattern("anything but several", {"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}}, False, **{"x-limit": 200})
pattern("anything but what begins with", {"detail": {"Region": [{"anything-but": {"prefix": "us-"}}]}}, False, Region="us-west-1")
pattern("anything but what ends with", {"detail": {"FileName": [{"anything-but": {"suffix": ".png"}}]}}, True, FileName="a.gif")
pattern("anything but, ignoring case", {"detail": {"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]}}, False, state="INITIALIZING")
pattern("and", {"detail": {"Location": ["New York"], "Day": ["Monday"]}}, True, Location="New York", Day="Monday")
pattern("and, one half", {"detail": {"Location": ["New York"], "Day": ["Monday"]}}, False, Location="New York", Day="Tuesday")
location = {"detail": {"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]}}
pattern("or", location, True, Location="London", Day="Monday")
pattern("or, neither half", location, False, Location="London", Day="Tuesday")
odd = {"EventPattern": '{"source": "aws.ec2"}', "Event": json.dumps(INSTANCE)}
case("pattern: a value without an array", "events", "TestEventPattern", odd, "InvalidEventPatternException")
case("pattern: an event without an envelope", "events", "TestEventPattern",
     {"EventPattern": json.dumps(whole), "Event": "{}"}, "ValidationException")  # fmt: skip

# --- Scheduler ---
case("create a group", "scheduler", "CreateScheduleGroup", {"Name": "checks"})
case("create it twice", "scheduler", "CreateScheduleGroup", {"Name": "checks"}, "ConflictException")
case("create a group with an invalid name", "scheduler", "CreateScheduleGroup", {"Name": "a b"}, "ValidationException")
case("get a group", "scheduler", "GetScheduleGroup", {"Name": "checks"})
case("get the default group", "scheduler", "GetScheduleGroup", {"Name": "default"})
case("get a group that does not exist", "scheduler", "GetScheduleGroup", {"Name": "nowhere"}, "ResourceNotFoundException")


def schedule(name="one", seconds=0, target=FUNCTION, **more):
    return lambda kept: {
        "Name": name, "GroupName": "checks", "ScheduleExpression": later(seconds), "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": target, "RoleArn": kept["schedulerRoleArn"], "Input": '{"a":1}'}, **more,
    }  # fmt: skip


def without(name, given):
    return lambda kept: {key: value for key, value in given(kept).items() if key != name}


one = {"Name": "one", "GroupName": "checks"}
token = {"ClientToken": "token-1", "ActionAfterCompletion": "DELETE", "Description": "a check"}
case("create a schedule", "scheduler", "CreateSchedule", schedule(**token))
case("create it again with its token", "scheduler", "CreateSchedule", schedule(**token))
case("create it again without its token", "scheduler", "CreateSchedule", schedule(ActionAfterCompletion="DELETE"), "ConflictException")
case("create a schedule for a queue", "scheduler", "CreateSchedule", schedule("two", 60, QUEUE, State="DISABLED"))
case("create a schedule with a flexible window", "scheduler", "CreateSchedule",
     schedule("three", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}))  # fmt: skip
case("create a schedule in the default group", "scheduler", "CreateSchedule", without("GroupName", schedule("four")))
case("get a schedule", "scheduler", "GetSchedule", one)
case("get a schedule for a queue", "scheduler", "GetSchedule", {"Name": "two", "GroupName": "checks"})
case("get a schedule with a flexible window", "scheduler", "GetSchedule", {"Name": "three", "GroupName": "checks"})
case("get a schedule in the default group", "scheduler", "GetSchedule", {"Name": "four"})
case("list schedules", "scheduler", "ListSchedules")
case("list a group's schedules", "scheduler", "ListSchedules", {"GroupName": "checks"})
case("list a group's schedules by name", "scheduler", "ListSchedules", {"GroupName": "checks", "NamePrefix": "t"})
case("list disabled schedules", "scheduler", "ListSchedules", {"State": "DISABLED"})
case("list two schedules", "scheduler", "ListSchedules", {"MaxResults": 2}, keep={"more": ("NextToken",)})
case("list two more schedules", "scheduler", "ListSchedules", lambda kept: {"MaxResults": 2, "NextToken": kept["more"]})
case("list schedules of a group that does not exist", "scheduler", "ListSchedules", {"GroupName": "nowhere"}, "ResourceNotFoundException")
case("list too large a page of schedules", "scheduler", "ListSchedules", {"MaxResults": 101}, "ValidationException")
case("update a schedule", "scheduler", "UpdateSchedule", schedule(seconds=120))
case("get it after the update", "scheduler", "GetSchedule", one)
case("update a schedule that does not exist", "scheduler", "UpdateSchedule", schedule("nowhere"), "ResourceNotFoundException")
case("create a schedule in a group that does not exist", "scheduler", "CreateSchedule", schedule("five", GroupName="nowhere"), "ResourceNotFoundException")
case("create a schedule with an invalid expression", "scheduler", "CreateSchedule", schedule("five", ScheduleExpression="at(soon)"), "ValidationException")
case("create a schedule with an invalid name", "scheduler", "CreateSchedule", schedule("a b"), "ValidationException")
case("create a schedule with minutes for no window", "scheduler", "CreateSchedule",
     schedule("five", FlexibleTimeWindow={"Mode": "OFF", "MaximumWindowInMinutes": 5}), "ValidationException")  # fmt: skip
case("create a schedule with a window without minutes", "scheduler", "CreateSchedule",
     schedule("five", FlexibleTimeWindow={"Mode": "FLEXIBLE"}), "ValidationException")  # fmt: skip
case("create a schedule with an unknown state", "scheduler", "CreateSchedule", schedule("five", State="ON"), "ValidationException")
strangers = {"Target": {"Arn": FUNCTION, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody", "Input": "{}"}}
case("create a schedule with a role that does not trust", "scheduler", "CreateSchedule", schedule("five", **strangers), "ValidationException", others=False)
case("get a schedule that does not exist", "scheduler", "GetSchedule", {"Name": "nowhere"}, "ResourceNotFoundException")
case("delete a schedule", "scheduler", "DeleteSchedule", one)
case("delete it twice", "scheduler", "DeleteSchedule", one, "ResourceNotFoundException")
case("delete a group", "scheduler", "DeleteScheduleGroup", {"Name": "checks"})
case("delete a group that does not exist", "scheduler", "DeleteScheduleGroup", {"Name": "nowhere"}, "ResourceNotFoundException")
case("delete the default group", "scheduler", "DeleteScheduleGroup", {"Name": "default"}, "ValidationException")
case("delete a schedule of the default group", "scheduler", "DeleteSchedule", {"Name": "four"})
case("send malformed JSON to Scheduler", "scheduler", "CreateSchedule", schedule("six"), "SerializationException", others=False, body=b"{")
case("list schedules with unknown keys", "scheduler", "ListSchedules", error="UnrecognizedClientException", who="nobody", others=False)

# --- from the records to the certificate, on the simulator ---
records = lambda kept: batch(*(change("UPSERT", name=record["Name"], values=[record["Value"]]) for record in (kept["record"], kept["shared"])),
                             zone="hostedZoneId")(kept)  # fmt: skip
case("write the certificate's records", "route53", "ChangeResourceRecordSets", records, others=False)
case("see it issued", "acm", "DescribeCertificate", it, others=False, until=lambda it: it["Certificate"]["Status"] == "ISSUED")
case("search for issued certificates", "acm", "SearchCertificates", {"FilterStatement": {"And": [
    {"Filter": {"AcmCertificateMetadataFilter": {"Status": "ISSUED"}}}, {"Not": {"Filter": {"AcmCertificateMetadataFilter": {"InUse": True}}}},
]}}, others=False, shows=lambda it: len(it["Results"]) >= 1)  # fmt: skip
case("list issued certificates", "acm", "ListCertificates", {"CertificateStatuses": ["ISSUED"]}, others=False)
case("see the private one issued", "acm", "DescribeCertificate", lambda kept: {"CertificateArn": kept["private"]}, others=False,
     until=lambda it: it["Certificate"]["Status"] == "ISSUED")  # fmt: skip
case("see the other one moved", "acm", "DescribeCertificate", mail, others=False)
case("see a change in sync", "route53", "GetChange", lambda kept: {"Id": kept["written"]}, others=False,
     until=lambda it: it["ChangeInfo"]["Status"] == "INSYNC")  # fmt: skip
case("delete a certificate", "acm", "DeleteCertificate", it, others=False)
case("describe it after the deletion", "acm", "DescribeCertificate", it, "ResourceNotFoundException", others=False)

# --- errors that every service has ---
CALLS = [
    ("acm", "ListCertificates", {}), ("events", "PutEvents", {"Entries": [entry]}), ("route53", "GetHostedZoneCount", {}),
    ("organizations", "ListAccounts", {}), ("scheduler", "ListSchedules", {}), ("sts", "GetCallerIdentity", {}),
]  # fmt: skip
THROTTLED = {"organizations": "TooManyRequestsException", "route53": "Throttling", "sts": "Throttling"}
for service, operation, given in CALLS:
    xml = service in ("route53", "sts")
    for kind, code in {
        "Denied": "AccessDenied" if xml else "AccessDeniedException", "InternalError": "InternalFailure",
        "Throttled": THROTTLED.get(service, "ThrottlingException"), "Unavailable": "ServiceUnavailable",
    }.items():  # fmt: skip
        case(f"{service}: {kind}", service, operation, given, code, others=False, fault=f"{kind} {operation}")
for service, operation, given in CALLS:
    xml = service in ("route53", "sts")
    case(f"{service}: unsigned", service, operation, given, "MissingAuthenticationToken" + ("" if xml else "Exception"), others=False,
         who="unsigned")  # fmt: skip
for service, operation, given in [
    ("acm", "GetAccountConfiguration", {}), ("events", "ListRules", {}), ("route53", "ListHealthChecks", {}),
    ("organizations", "ListRoots", {}), ("scheduler", "ListScheduleGroups", {}), ("sts", "GetSessionToken", {}),
]:  # fmt: skip
    code = {"scheduler": "ValidationException", "sts": "InvalidAction"}.get(service, "UnknownOperationException")
    case(f"{service}: an unserved operation", service, operation, given, code, others=False, served=False)
case("route53: busy", "route53", "ChangeResourceRecordSets", batch(change("UPSERT")), "PriorRequestNotComplete", others=False,
     fault="PriorRequestNotComplete ChangeResourceRecordSets")  # fmt: skip
case("acm: too many calls", "acm", "DescribeCertificate", mail, "ThrottlingException", others=False, again=True)
case("route53: too many calls", "route53", "GetHostedZoneCount", {}, "Throttling", others=False, again=True)
