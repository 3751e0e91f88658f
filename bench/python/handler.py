"""What the function does in the first check of a certificate: it reads the certificate from ACM, schedules the next check, writes the
records that ACM waits for, and publishes an event. It makes the same calls in the same order."""

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
    # The first whole minute that is at least a minute ahead: a schedule is due at any time within its minute.
    minute = math.ceil(time.time() / 60) + 1
    next_check = datetime.datetime.fromtimestamp(minute * 60, datetime.timezone.utc)
    schedule_check(arn, minute, next_check, since, context.invoked_function_arn)

    records = []
    for zone, awaited in assign_zones(records_of(certificate)).items():
        records += write_records(zone, awaited)
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
        publish_event(arn, detail)
    outcome = detail | {"status": certificate["Status"], "next": next_check.isoformat()}
    print(json.dumps({"level": "INFO", "message": "reconciled", "request": context.aws_request_id} | outcome))
    return outcome


def certificate_of(event):
    """CloudTrail's record of a request, one of ACM's own events, or a scheduled check."""
    detail = event.get("detail") or {}
    for elements in detail.get("responseElements"), detail.get("requestParameters"):
        if elements and "certificateArn" in elements:
            return elements["certificateArn"]
    return event["resources"][0]


def schedule_check(arn, minute, at, since, target):
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
    """The records that ACM waits for, by name: a domain and its wildcard share one."""
    awaited = {}
    for option in certificate.get("DomainValidationOptions", []):
        record = option.get("ResourceRecord", {})
        by_dns = record.get("Type") == "CNAME" and option.get("ValidationMethod") == "DNS"
        if by_dns and option.get("ValidationStatus") != "SUCCESS":
            awaited[record["Name"]] = record["Value"]
    return awaited


def assign_zones(awaited):
    """The records by their hosted zone: the public zone with the longest name that matches."""
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


def write_records(zone, awaited):
    """Writes the missing records of a zone. Records that are right are left alone."""
    records, missing = [], []
    for name, value in awaited:
        found = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name)["ResourceRecordSets"]
        sets = [set for set in found if set["Name"] == name and set["Type"] == "CNAME"]
        present = any(record["Value"] == value for set in sets for record in set.get("ResourceRecords", []))
        records.append({"name": name, "hostedZoneId": zone, "state": "PRESENT" if present else "WRITTEN"})
        if not present:
            record_set = {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": value}]}
            missing.append({"Action": "UPSERT", "ResourceRecordSet": record_set})
    if missing:
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": missing})
    return records


def publish_event(arn, detail):
    entry = {
        "EventBusName": "default",
        "Source": SOURCE,
        "DetailType": "Certificate Validation State Change",
        "Resources": [arn],
        "Detail": json.dumps(detail),
    }
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        error = answer["Entries"][0]["ErrorCode"]
        print(json.dumps({"level": "WARN", "message": "cannot publish an event", "error": error}))
