"""The differences between the simulator and the emulators moto 5.2.5 and ministack 1.5.33, and what AWS does.

Each entry says what AWS does and where that is written, and lists the differences it explains: for both emulators or for one, by place,
the cases. A place is the error in the place of the expected one (`expected → found`), or a member of the answer that is missing, added or
other.
"""

import dataclasses


@dataclasses.dataclass
class Difference:
    aws: str
    source: str
    # Place: cases.
    both: dict = dataclasses.field(default_factory=dict)
    moto: dict = dataclasses.field(default_factory=dict)
    ministack: dict = dataclasses.field(default_factory=dict)

    def cases(self, who):
        """The differences of an emulator: (place, case)."""
        return [(at, case) for places in (self.both, getattr(self, who)) for at, cases in places.items() for case in cases]

    def triples(self):
        return {(who, case, at) for who in EMULATORS for at, case in self.cases(who)}

    def covers(self, observed):
        return self.triples() & observed

    def idle(self, observed):
        return [f"no longer a difference: {who}, {case}, {at}" for who, case, at in sorted(self.triples() - observed)]

    def row(self):
        """The emulators and their cases, as Markdown. Cases of both are not listed twice."""
        cases = {who: list(dict.fromkeys(case for _, case in self.cases(who))) for who in EMULATORS}
        if set(cases["moto"]) == set(cases["ministack"]):
            cases = {"both": cases["moto"]}
        return "; ".join(f"**{who}**: {', '.join(found)}" for who, found in cases.items() if found)


EMULATORS = ("moto", "ministack")


def readme(cases, compared, questions, faults):
    """README.md, with the differences as a table."""
    counts = {who: len({pair for entry in DIFFERENCES for pair in entry.cases(who)}) for who in EMULATORS}
    return f"""# Evidence for the simulator

`run` makes {cases} calls to the simulator, with each of its operations, and checks every answer with AWS's own service models:
members, types, values, limits, HTTP status, error codes, and the form of errors on the wire.
{compared} of the calls also go to two emulators of other projects, moto 5.2.5 and ministack 1.5.33. If their answers are the same, three
implementations agree. If not, the table says what AWS does and where that is written. The texts of error messages are not compared. Of
ids, times and tokens only their presence is compared.

moto differs in {counts["moto"]} places, ministack in {counts["ministack"]}. `differences.py` lists each of them. One more or one fewer fails the check.

```sh
cargo build -p acm-dns-validator-sim --example aws
sim/evidence/run target/debug/examples/aws          # --write writes this file anew
```

It takes about 45 s, most of it to wait until a change of Route 53 is in sync. Some refusals follow from no call, such as throttling or a
zone that is busy: `run` requests them on the simulator's standard input. Expired sessions are left to the simulator's own tests.

`resolver.py` checks the simulator's resolver with two clients of other projects: `dig` of BIND and dnspython. Each asks {questions} questions
over UDP and over TCP, and what it reads is compared with what the DNS of `examples/aws.rs` has. Then each meets {faults} faults.

`infra/check/patterns target/debug/examples/aws` compares the TestEventPattern of the simulator and of ministack, with every rule of the
templates and every sample event, AWS's own among them.

`requests` holds what the *function* sends to the same models: the requests of all stories, or a sample of the worlds'. moto reads each
one, botocore writes it again, and nothing may differ; values are as the model demands, and botocore computes the same signature.

| what AWS does | who differs, and in which calls |
| --- | --- |
""" + "".join(f"| {entry.aws} [source]({entry.source}) | {entry.row()} |\n" for entry in DIFFERENCES)


DIFFERENCES = [
    Difference(
        "Returns the caller's identity. Each emulator has a caller of its own.",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
        both={"Arn: other": ["caller: long-lived keys"]},
    ),
    Difference(
        "Refuses a role that does not exist or does not trust the caller.",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        both={"(error): AccessDenied → none": ["assume a role that does not exist"]},
    ),
    Difference(
        "Accepts sessions from 900 seconds to the role's maximum, with names of 2 to 64 characters of its pattern.",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        both={
            "(error): ValidationError → none": [
                "assume a role for 60 seconds", "assume a role for too long", "assume a role with an invalid session name",
            ],
        },
    ),
    Difference(
        "Returns how much of their quota session policies and tags use; none were given. The member is optional.",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        both={"PackedPolicySize: added": ["assume a role", "assume a role for a quarter of an hour"]},
    ),
    Difference(
        "Accepts as validation domain the name itself or a parent domain of it.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_DomainValidationOption.html",
        both={"(error): InvalidDomainValidationOptionsException → none": ["request one with a foreign validation domain"]},
    ),
    Difference(
        "Refuses more names than the quota, which can be raised to 100.",
        "https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html",
        ministack={"(error): LimitExceededException → none": ["request one for too many names"]},
    ),
    Difference(
        "Refuses what the patterns and values of its model do not allow.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html",
        both={
            "(error): ValidationException → none": [
                "request one with an invalid domain name", "request one with an unknown algorithm", "request one with a token too long",
            ],
        },
    ),
    Difference(
        "Refuses a text that is not an ARN, and an ARN that is not a certificate's.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html",
        both={
            "(error): InvalidArnException → ResourceNotFoundException": ["describe an ARN that is not a certificate's"],
            "(error): ValidationException → ResourceNotFoundException": ["describe a text that is not an ARN"],
        },
    ),
    Difference(
        "Refuses a page size of zero, and algorithms that it does not know.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html",
        both={"(error): ValidationException → none": ["list certificates with an unknown algorithm", "list a page of no certificates"]},
    ),
    Difference(
        "The record is ACM's own, `_x.NAME` to `_y.….acm-validations.aws`, and exists only for validation by DNS; for validation by e-mail there are five addresses.",
        "https://docs.aws.amazon.com/acm/latest/userguide/domain-ownership-validation.html",
        both={
            "Certificate.DomainValidationOptions[].ResourceRecord.Name: added": ["describe one by e-mail"],
            "Certificate.DomainValidationOptions[].ResourceRecord.Type: added": ["describe one by e-mail"],
            "Certificate.DomainValidationOptions[].ResourceRecord.Value: added": ["describe one by e-mail"],
            "Certificate.DomainValidationOptions[].ResourceRecord.Value: other": ["describe a certificate", "describe an EC certificate"],
            "Certificate.DomainValidationOptions[].ValidationEmails[]: missing": ["describe one by e-mail"],
        },
        moto={"Certificate.DomainValidationOptions[].ValidationMethod: other": ["describe one by e-mail"]},
        ministack={
            "Certificate.DomainValidationOptions[].ResourceRecord.Name: other": ["describe a certificate", "describe an EC certificate"],
        },
    ),
    Difference(
        "Returns the domain that the e-mails are sent to.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_DomainValidation.html",
        moto={"Certificate.DomainValidationOptions[].ValidationDomain: other": ["describe one by e-mail"]},
        ministack={
            "Certificate.DomainValidationOptions[].ValidationDomain: missing": [
                "describe a certificate", "describe an EC certificate", "describe one by e-mail",
            ],
        },
    ),
    Difference(
        "Waits for the validation of every name. A certificate that is not issued has no serial number, no issuer and no dates.",
        "https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html",
        both={
            "Certificate.IssuedAt: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.NotAfter: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.NotBefore: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
        },
        moto={
            "Certificate.ExtendedKeyUsages: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.Issuer: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.Serial: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
        },
        ministack={
            "Certificate.DomainValidationOptions[].ValidationStatus: other": [
                "describe a certificate", "describe an EC certificate", "describe one by e-mail",
            ],
            "Certificate.Status: other": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
        },
    ),
    Difference(
        "Returns the algorithm that was requested, and writes RSA with a hyphen.",
        "https://docs.aws.amazon.com/acm/latest/userguide/gs-acm-list.html",
        both={"Certificate.KeyAlgorithm: other": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"]},
    ),
    Difference(
        "Signs with SHA-256.",
        "https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html",
        moto={
            "Certificate.SignatureAlgorithm: other": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
        },
    ),
    Difference(
        "Returns these members.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html",
        both={
            "Certificate.CertificateKeyPairOrigin: missing": [
                "describe a certificate", "describe an EC certificate", "describe one by e-mail",
            ],
        },
        ministack={
            "Certificate.Options.CertificateTransparencyLoggingPreference: missing": [
                "describe a certificate", "describe an EC certificate", "describe one by e-mail",
            ],
            "Certificate.Options.Export: missing": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.Options: added": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.RenewalEligibility: missing": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
            "Certificate.Subject: missing": ["describe a certificate", "describe an EC certificate", "describe one by e-mail"],
        },
    ),
    Difference(
        "Removes a tag only if the given value is the tag's value.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_RemoveTagsFromCertificate.html",
        ministack={
            "Tags[].Key: missing": ["list its tags, with that tag"],
            "Tags[].Key: other": ["list its tags, with that tag"],
            "Tags[].Value: other": ["list its tags, with that tag"],
        },
    ),
    Difference(
        "Does not document whether a tag without a value has an empty value; in the simulator it has.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_Tag.html",
        both={
            "Tags[].Value: missing": [
                "list its tags afterwards", "list its tags, with that tag", "list its tags, without that tag",
            ],
        },
    ),
    Difference(
        "Refuses keys that begin with `aws:`, with InvalidTagException, and more than 50 tags.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html",
        moto={"(error): InvalidTagException → ValidationException": ["tag it with a reserved key"]},
        ministack={
            "(error): InvalidTagException → none": ["tag it with a reserved key"],
            "(error): TooManyTagsException → none": ["tag it with too many tags"],
        },
    ),
    Difference(
        "Has UpdateCertificateOptions.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_UpdateCertificateOptions.html",
        moto={"(error): none → 500": ["set an option that changes nothing"]},
    ),
    Difference(
        "Refuses an event that lacks a field of the envelope.",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html",
        both={"(error): ValidationException → none": ["pattern: an event without an envelope"]},
    ),
    Difference(
        "Has TestEventPattern, and answers true or false.",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html",
        moto={
            "(error): InvalidEventPatternException → none": ["pattern: a value without an array"],
            "Result: missing": [
                "pattern: a missing field", "pattern: an element of an array", "pattern: and", "pattern: and, one half",
                "pattern: anything but", "pattern: anything but several", "pattern: anything but what begins with",
                "pattern: anything but what ends with", "pattern: anything but, ignoring case", "pattern: begins with",
                "pattern: does not begin with", "pattern: does not end with", "pattern: does not exist", "pattern: empty",
                "pattern: ends with", "pattern: equals, ignoring case", "pattern: exists", "pattern: exists against exists: false",
                "pattern: no element of an array", "pattern: null", "pattern: null, with an empty text", "pattern: one field of many",
                "pattern: one of several values", "pattern: or", "pattern: or, neither half", "pattern: source, type and another state",
                "pattern: source, type and state", "pattern: anything but, with that value",
            ],
        },
    ),
    Difference(
        "Accepts the same request again with the same token, and carries it out once.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
        both={"(error): none → ConflictException": ["create it again with its token"]},
    ),
    Difference(
        "Refuses a name that is in use, with ConflictException and HTTP 409.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
        moto={
            "(HTTP status): other": ["create it again without its token"],
            "(error): ConflictException → none": ["create it twice"],
        },
    ),
    Difference(
        "Refuses a caller reference that was used before.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html",
        both={"(error): HostedZoneAlreadyExists → none": ["create a zone again", "create a zone with a deleted one's reference"]},
    ),
    Difference(
        "Refuses private zones without a VPC, invalid names, top-level domains, comments of more than 256 characters, and delegation sets that do not exist.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html",
        both={
            "(error): InvalidDomainName → none": ["create a top-level domain", "create a zone with an invalid name"],
            "(error): InvalidInput → none": ["create a private zone without a VPC", "create a zone with a comment too long"],
            "(error): NoSuchDelegationSet → none": ["create a zone with an unknown delegation set"],
        },
    ),
    Difference(
        "Returns these members for reusable delegation sets only.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_DelegationSet.html",
        moto={
            "DelegationSet.CallerReference: added": [
                "create a zone", "create a zone in capitals", "create a second zone of the same name", "get a zone",
            ],
            "DelegationSet.Id: added": [
                "create a zone", "create a zone in capitals", "create a second zone of the same name", "get a zone",
            ],
        },
    ),
    Difference(
        "Returns the names of name servers without a trailing dot.",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/api-requests-rest-responses.html",
        ministack={
            "DelegationSet.NameServers[]: other": [
                "create a zone", "create a zone in capitals", "create a second zone of the same name", "get a zone",
            ],
        },
    ),
    Difference(
        "Returns the URL of the zone in a header.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html",
        ministack={
            "Location: missing": [
                "create a private zone", "create a zone", "create a zone in capitals", "create a second zone of the same name",
            ],
        },
    ),
    Difference(
        "A change is PENDING at first, and keeps its id and its comment.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeInfo.html",
        moto={
            "ChangeInfo.Comment: missing": ["get a change with a comment", "write with a comment"],
            "ChangeInfo.Id: other": ["get a change", "get a change with a comment"],
            "ChangeInfo.Status: other": [
                "create a private zone", "create a zone", "create a zone in capitals", "create a second zone of the same name",
                "delete a zone", "get a change", "get a change with a comment", "write a record", "write a wildcard and text",
                "write an alias", "write weighted records", "write with a comment",
            ],
        },
    ),
    Difference(
        "Refuses the id of a change that does not exist.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html",
        moto={"(error): NoSuchChange → none": ["get a change that does not exist"]},
    ),
    Difference(
        "Keeps names in lower case.",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html",
        both={"HostedZone.Name: other": ["create a zone in capitals"]},
    ),
    Difference(
        "Lists private zones only if they are requested, and always returns where the page begins.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html",
        both={
            "HostedZones[].CallerReference: added": ["list private zones"],
            "HostedZones[].CallerReference: other": ["list private zones"],
            "HostedZones[].Config.Comment: added": ["list private zones"],
            "HostedZones[].Config.PrivateZone: added": ["list private zones"],
            "HostedZones[].Config.PrivateZone: other": ["list private zones"],
            "HostedZones[].Id: added": ["list private zones"],
            "HostedZones[].Name: added": ["list private zones"],
            "HostedZones[].Name: other": ["list private zones"],
            "HostedZones[].ResourceRecordSetCount: added": ["list private zones"],
        },
        moto={"Marker: missing": ["list private zones"]},
    ),
    Difference(
        "The comment is optional, and there was none.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html",
        ministack={
            "HostedZone.Config.Comment: added": ["create a private zone", "create a zone in capitals", "get a private zone"],
            "HostedZones[].Config.Comment: added": ["list zones by an unused name", "list zones by name"],
        },
    ),
    Difference(
        "Refuses an id of more than 32 characters.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html",
        both={"(error): InvalidInput → NoSuchHostedZone": ["get a zone with an invalid id"]},
    ),
    Difference(
        "Refuses delegation sets that do not exist, and values that its model does not have.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html",
        both={
            "(error): InvalidInput → 500": ["list zones with an invalid page size"],
            "(error): InvalidInput → none": ["list zones of an unknown type"],
            "(error): NoSuchDelegationSet → none": ["list zones of a delegation set"],
        },
    ),
    Difference(
        "Lists from a name on to the last zone, in the order of labels from the right. Returns DNSName and HostedZoneId as given, and the next ones. Refuses an id without a name, and invalid names.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html",
        both={
            "(error): InvalidDomainName → none": ["list zones by an invalid name"],
            "(error): InvalidInput → none": ["list zones by id without a name"],
            "DNSName: other": ["list zones by an unused name", "list zones by name", "list zones by name, one"],
        },
        moto={
            "HostedZones: added": ["list zones by an unused name"],
            "HostedZones[].CallerReference: missing": ["list zones by an unused name", "list zones by name"],
            "HostedZones[].Config.PrivateZone: missing": ["list zones by an unused name", "list zones by name"],
            "HostedZones[].Id: missing": ["list zones by an unused name", "list zones by name"],
            "HostedZones[].Name: missing": ["list zones by an unused name", "list zones by name"],
            "HostedZones[].ResourceRecordSetCount: missing": ["list zones by an unused name", "list zones by name"],
            "IsTruncated: missing": ["list zones by an unused name", "list zones by name", "list zones by name, one"],
            "MaxItems: missing": ["list zones by an unused name", "list zones by name", "list zones by name, one"],
            "NextDNSName: missing": ["list zones by name, one"],
            "NextHostedZoneId: missing": ["list zones by name, one"],
        },
        ministack={
            "HostedZoneId: added": ["list zones by an unused name", "list zones by name", "list zones by name, one"],
            "NextDNSName: other": ["list zones by name, one"],
        },
    ),
    Difference(
        "Adds or removes one to ten tags a call.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html",
        both={"(error): InvalidInput → none": ["change no tags of a zone"]},
    ),
    Difference(
        "Lists the tags of up to ten zones.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html",
        moto={"(error): InvalidInput → none": ["list tags of too many zones"]},
        ministack={"(error): none → InvalidInput": ["list tags of several zones"]},
    ),
    Difference(
        "Refuses resources that do not exist, and types other than `healthcheck` and `hostedzone`.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResource.html",
        moto={
            "(error): InvalidInput → 404": ["list tags of a bucket"],
            "(error): NoSuchHealthCheck → none": ["list tags of a health check that does not exist"],
            "(error): NoSuchHostedZone → none": ["list tags of a zone that does not exist"],
        },
        ministack={"(error): InvalidInput → none": ["list tags of a bucket"]},
    ),
    Difference(
        "Refuses a type without a name.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html",
        ministack={"(error): InvalidInput → none": ["list records of a type without a name"]},
    ),
    Difference(
        "Returns the set identifier of the next record.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html",
        moto={"NextRecordIdentifier: missing": ["list records up to a weighted one"]},
    ),
    Difference(
        "Writes an asterisk as `\\052`.",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html",
        both={
            "NextRecordName: other": ["list two records", "see that neither was written"],
            "ResourceRecordSets[].Name: other": ["list records", "list two more records", "see that neither was written"],
        },
    ),
    Difference(
        "The names in the zone's own records end in a dot, and its SOA has `awsdns-hostmaster.amazon.com`.",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html",
        moto={"ResourceRecordSets[].ResourceRecords[].Value: other": ["list records", "list two records"]},
    ),
    Difference(
        "Makes all changes of a batch or none.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
        both={
            "NextRecordType: other": ["see that neither was written"],
            "ResourceRecordSets[].AliasTarget.DNSName: missing": ["see that neither was written"],
            "ResourceRecordSets[].AliasTarget.EvaluateTargetHealth: missing": ["see that neither was written"],
            "ResourceRecordSets[].AliasTarget.HostedZoneId: missing": ["see that neither was written"],
            "ResourceRecordSets[].ResourceRecords[].Value: added": ["see that neither was written"],
            "ResourceRecordSets[].TTL: added": ["see that neither was written"],
            "ResourceRecordSets[].Type: other": ["see that neither was written"],
        },
    ),
    Difference(
        "A CNAME has one value, is not at the apex, and is the only record of its name. A name has weighted or plain records, not both.",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html",
        both={
            "(error): InvalidChangeBatch → none": [
                "write a CNAME at the apex", "write a CNAME with two values", "write a plain record beside weighted ones",
                "write an address beside a CNAME",
            ],
        },
    ),
    Difference(
        "Refuses values that are not of the record's type.",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html",
        both={"(error): InvalidChangeBatch → none": ["write text without quotation marks", "write an invalid address"]},
    ),
    Difference(
        "Refuses a batch with the same record twice.",
        "https://github.com/barnybug/cli53/issues/81",
        both={"(error): InvalidChangeBatch → none": ["write one record twice"]},
    ),
    Difference(
        "Refuses a batch with a name outside the zone.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
        both={"(error): InvalidChangeBatch → none": ["write one good and one bad record", "write outside the zone"]},
    ),
    Difference(
        "Refuses an impossible deletion, with InvalidChangeBatch.",
        "https://github.com/boto/boto/issues/2887",
        moto={
            "(error): InvalidChangeBatch → InvalidInput": [
                "delete a record that does not exist", "delete a record with another value", "delete the zone's name servers",
            ],
        },
    ),
    Difference(
        "Refuses a health check that does not exist.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
        both={"(error): NoSuchHealthCheck → none": ["write a record with an unknown health check"]},
    ),
    Difference(
        "Refuses what its schema does not allow, with InvalidInput.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
        both={
            "(error): InvalidInput → none": [
                "write a record of an unknown type", "write a record with too large a TTL", "write a record without a value",
                "write a weighted record without a set identifier", "write an empty batch",
            ],
        },
    ),
    Difference(
        "Was observed to accept the event and to lose it. The simulator fails the entry, so that the mistake is seen.",
        "https://github.com/localstack/localstack/blob/main/tests/aws/services/events/test_events.py",
        moto={"(error): none → ResourceNotFoundException": ["put an event on an unknown bus"]},
        ministack={
            "Entries[].ErrorCode: missing": ["put an event on an unknown bus"],
            "Entries[].EventId: added": ["put an event on an unknown bus"],
            "FailedEntryCount: other": ["put an event on an unknown bus"],
        },
    ),
    Difference(
        "Fails each entry that has no type, no JSON object for its detail, or a source of AWS.",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html",
        both={
            "Entries[].ErrorCode: missing": ["put a good event and bad ones"],
            "Entries[].EventId: added": ["put a good event and bad ones"],
            "FailedEntryCount: other": ["put a good event and bad ones"],
        },
        moto={
            "Entries[].ErrorCode: missing": ["put an event with a source of AWS"],
            "Entries[].EventId: added": ["put an event with a source of AWS"],
            "FailedEntryCount: other": ["put an event with a source of AWS"],
        },
    ),
    Difference(
        "Accepts one to ten entries.",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",
        both={"(error): ValidationException → none": ["put no event"]},
    ),
    Difference(
        "Returns the time when a group was created.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetScheduleGroup.html",
        moto={
            "CreationDate: missing": ["get the default group"],
            "LastModificationDate: missing": ["get the default group"],
        },
    ),
    Difference(
        "Refuses names outside its pattern, groups that do not exist, and the deletion of the default group.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html",
        moto={
            "(error): ResourceNotFoundException → 500": ["delete a group that does not exist"],
            "(error): ValidationException → none": ["create a group with an invalid name", "delete the default group"],
        },
    ),
    Difference(
        "Checks expression, name, group, state and window before it looks for a schedule of that name.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
        both={
            "(error): ValidationException → ConflictException": [
                "create a schedule with an unknown state", "create a schedule with minutes for no window", "create a schedule with a window without minutes",
            ],
            "(error): ValidationException → none": ["create a schedule with an invalid expression"],
        },
        moto={
            "(error): ResourceNotFoundException → 500": ["create a schedule in a group that does not exist"],
            "(error): ValidationException → none": ["create a schedule with an invalid name"],
        },
    ),
    Difference(
        "Returns the default retry policy if none was given.",
        "https://github.com/faiscadev/fakecloud/pull/1905",
        ministack={
            "Target.RetryPolicy.MaximumEventAgeInSeconds: missing": [
                "get a schedule", "get a schedule for a queue", "get a schedule with a flexible window", "get a schedule in the default group",
                "get it after the update",
            ],
            "Target.RetryPolicy.MaximumRetryAttempts: missing": [
                "get a schedule", "get a schedule for a queue", "get a schedule with a flexible window", "get a schedule in the default group",
                "get it after the update",
            ],
        },
    ),
    Difference(
        "Returns defaults for what was not given. This is so after an update too, which replaces everything. A description that was not given is absent.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html",
        moto={
            "ActionAfterCompletion: missing": [
                "get a schedule for a queue", "get a schedule with a flexible window", "get a schedule in the default group",
            ],
            "ActionAfterCompletion: other": ["get it after the update"],
            "State: missing": ["get it after the update"],
        },
        ministack={
            "Description: added": [
                "get a schedule for a queue", "get a schedule with a flexible window", "get a schedule in the default group", "get it after the update",
            ],
        },
    ),
    Difference(
        "Refuses a group that does not exist, and pages of more than 100.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html",
        both={
            "(error): ResourceNotFoundException → none": ["list schedules of a group that does not exist"],
            "(error): ValidationException → none": ["list too large a page of schedules"],
        },
    ),
    Difference(
        "Documents no order, and returns a token if there are more than MaxResults.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html",
        both={
            "Schedules[].Arn: other": ["list a group's schedules", "list schedules", "list two schedules"],
            "Schedules[].Name: other": ["list a group's schedules", "list schedules", "list two schedules"],
            "Schedules[].State: other": ["list a group's schedules"],
            "Schedules[].Target.Arn: other": ["list a group's schedules"],
        },
        moto={
            "Schedules[].Arn: other": ["list two more schedules"],
            "Schedules[].GroupName: other": ["list schedules", "list two more schedules", "list two schedules"],
            "Schedules[].Name: other": ["list two more schedules"],
        },
        ministack={
            "(answer): an answer → not asked: nothing gave it 'more'": ["list two more schedules"],
            "NextToken: missing": ["list two schedules"],
            "Schedules[].Arn: other": ["list a group's schedules by name"],
            "Schedules[].Name: other": ["list a group's schedules by name"],
            "Schedules[].State: other": ["list a group's schedules by name", "list schedules", "list two schedules"],
            "Schedules[].Target.Arn: other": ["list a group's schedules by name", "list schedules", "list two schedules"],
        },
    ),
    Difference(
        "Has a default group, and the schedules in it.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteSchedule.html",
        moto={"(error): none → ResourceNotFoundException": ["delete a schedule of the default group"]},
    ),
]
