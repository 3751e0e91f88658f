"""What the function does at first sight of a certificate: asks ACM, arms the next check, then makes the records exist that ACM waits
for, and publishes an event. The same calls in the same order."""

import datetime
import json
import math
import os
import time

import boto3

acm = boto3.client("acm")
events = boto3.client("events")
route53 = boto3.client("route53")
scheduler = boto3.client("scheduler")

SOURCE = "acm-dns-validator"


def handler(event, context):
    arn = certificate_of(event)
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    tags = acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
    if certificate["Status"] != "PENDING_VALIDATION" or any(tag["Key"] == f"{SOURCE}:skip" for tag in tags):
        return {"certificateArn": arn, "state": "IGNORED"}
    since = event.get("detail", {}).get("since") or event.get("time")
    # A schedule fires within the minute it names: the first whole one at least a minute ahead.
    minute = math.ceil(time.time() / 60) + 1
    next_look = datetime.datetime.fromtimestamp(minute * 60, datetime.timezone.utc)
    arm(arn, minute, next_look, since, context.invoked_function_arn)

    records = []
    for zone, awaited in homes(records_of(certificate)).items():
        records += publish(zone, awaited)
    written = any(record["state"] == "WRITTEN" for record in records)
    age = datetime.datetime.now(datetime.timezone.utc) - certificate["CreatedAt"]
    detail = {
        "certificateArn": arn,
        "domainName": certificate["DomainName"],
        "state": "RECORDS_WRITTEN" if written else "WAITING",
        "records": records,
        "age": int(age.total_seconds()),
    }
    if written:
        tell(arn, detail)
    outcome = detail | {"status": certificate["Status"], "next": next_look.isoformat()}
    print(json.dumps({"level": "INFO", "message": "looked", "request": context.aws_request_id} | outcome))
    return outcome


def certificate_of(event):
    """CloudTrail's record of a request, one of ACM's own events, or one of our checks."""
    detail = event.get("detail") or {}
    for elements in detail.get("responseElements"), detail.get("requestParameters"):
        if elements and "certificateArn" in elements:
            return elements["certificateArn"]
    return event["resources"][0]


def arm(arn, minute, at, since, target):
    check = {"source": SOURCE, "detail-type": "Certificate Check", "resources": [arn], "detail": {"since": since}}
    try:
        scheduler.create_schedule(
            Name=f"{arn.rpartition('/')[2]}-{minute}",
            GroupName=os.environ["SCHEDULE_GROUP"],
            ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={"Arn": target, "RoleArn": os.environ["SCHEDULE_ROLE_ARN"], "Input": json.dumps(check)},
        )
    except scheduler.exceptions.ConflictException:
        pass


def records_of(certificate):
    """The records ACM waits for, by name: a domain and its wildcard share one."""
    awaited = {}
    for option in certificate.get("DomainValidationOptions", []):
        record = option.get("ResourceRecord", {})
        by_dns = record.get("Type") == "CNAME" and option.get("ValidationMethod") == "DNS"
        if by_dns and option.get("ValidationStatus") != "SUCCESS":
            awaited[record["Name"]] = record["Value"]
    return awaited


def homes(awaited):
    """The records by the public zone that is their home: the one with the longest name that each lies under."""
    zones = {}
    for domain in {".".join(name.split(".")[-3:]) for name in awaited}:
        page = {"DNSName": domain}
        while page:
            found = route53.list_hosted_zones_by_name(**page)
            for zone in found["HostedZones"]:
                if not zone.get("Config", {}).get("PrivateZone") and is_under(zone["Name"], domain):
                    zones[zone["Name"]] = zone["Id"].rpartition("/")[2]
            more = found["IsTruncated"] and is_under(found["NextDNSName"], domain)
            page = more and {"DNSName": found["NextDNSName"], "HostedZoneId": found["NextHostedZoneId"]}
    by_zone = {}
    for name, value in awaited.items():
        above = [zone for zone in zones if is_under(name, zone)]
        if above:
            by_zone.setdefault(zones[max(above, key=len)], []).append((name, value))
    return by_zone


def is_under(name, zone):
    return name == zone or name.endswith(f".{zone}")


def publish(zone, awaited):
    """Makes records exist in a zone; what is right already is left alone."""
    records, lacking = [], []
    for name, value in awaited:
        found = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name)["ResourceRecordSets"]
        sets = [set for set in found if set["Name"] == name and set["Type"] == "CNAME"]
        present = any(record["Value"] == value for set in sets for record in set.get("ResourceRecords", []))
        records.append({"name": name, "hostedZoneId": zone, "state": "PRESENT" if present else "WRITTEN"})
        if not present:
            record_set = {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": value}]}
            lacking.append({"Action": "UPSERT", "ResourceRecordSet": record_set})
    if lacking:
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": lacking})
    return records


def tell(arn, detail):
    entry = {
        "EventBusName": "default",
        "Source": SOURCE,
        "DetailType": "Certificate Validation State Change",
        "Resources": [arn],
        "Detail": json.dumps(detail),
    }
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        trouble = answer["Entries"][0]["ErrorCode"]
        print(json.dumps({"level": "WARN", "message": "cannot publish an event", "trouble": trouble}))
