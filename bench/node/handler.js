// What the function does in the first check of a certificate: it reads the certificate from ACM, schedules the next check, writes the
// records that ACM waits for, and publishes an event. It makes the same calls in the same order, at the same time if they are independent.
import { ACMClient, DescribeCertificateCommand, ListTagsForCertificateCommand } from "@aws-sdk/client-acm";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { ConflictException, CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";

const acm = new ACMClient();
const events = new EventBridgeClient();
const route53 = new Route53Client();
const scheduler = new SchedulerClient();

const SOURCE = "acm-dns-validator";
const MINUTE = 60_000;

export async function handler(event, context) {
  const arn = certificateOf(event);
  const [{ Certificate: certificate }, { Tags: tags }] = await Promise.all([
    acm.send(new DescribeCertificateCommand({ CertificateArn: arn })),
    acm.send(new ListTagsForCertificateCommand({ CertificateArn: arn })),
  ]);
  if (certificate.Status !== "PENDING_VALIDATION" || tags.some((tag) => tag.Key === `${SOURCE}:skip`)) {
    return { certificateArn: arn, state: "IGNORED" };
  }
  const since = event.detail?.since ?? event.time;
  // The first whole minute that is at least a minute ahead: a schedule is due at any time within its minute.
  const next = new Date(Math.ceil((Date.now() + MINUTE) / MINUTE) * MINUTE);
  await scheduleCheck(arn, next, since, context.invokedFunctionArn);

  const records = [];
  for (const [zone, awaited] of await assignZones(recordsOf(certificate))) {
    records.push(...(await writeRecords(zone, awaited)));
  }
  const written = records.some((record) => record.state === "WRITTEN");
  const detail = {
    certificateArn: arn,
    domainName: certificate.DomainName,
    state: written ? "RECORDS_WRITTEN" : "WAITING",
    records,
    age: Math.floor((Date.now() - certificate.CreatedAt) / 1000),
  };
  if (written) {
    await publishEvent(arn, detail);
  }
  const outcome = { ...detail, status: certificate.Status, next: next.toISOString() };
  console.log(JSON.stringify({ level: "INFO", message: "reconciled", request: context.awsRequestId, ...outcome }));
  return outcome;
}

// CloudTrail's record of a request, one of ACM's own events, or a scheduled check.
function certificateOf(event) {
  const { requestParameters, responseElements } = event.detail ?? {};
  return responseElements?.certificateArn ?? requestParameters?.certificateArn ?? event.resources[0];
}

async function scheduleCheck(arn, at, since, target) {
  const Input = JSON.stringify({ source: SOURCE, "detail-type": "Certificate Check", resources: [arn], detail: { since } });
  try {
    await scheduler.send(
      new CreateScheduleCommand({
        Name: `${arn.split("/").pop()}-${at / MINUTE}`,
        GroupName: process.env.SCHEDULE_GROUP,
        ScheduleExpression: `at(${at.toISOString().slice(0, 19)})`,
        FlexibleTimeWindow: { Mode: "OFF" },
        ActionAfterCompletion: "DELETE",
        Target: { Arn: target, RoleArn: process.env.SCHEDULE_ROLE_ARN, Input },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConflictException)) {
      throw error;
    }
  }
}

// The records that ACM waits for, by name: a domain and its wildcard share one.
function recordsOf(certificate) {
  const awaited = new Map();
  for (const { ResourceRecord: record, ValidationMethod, ValidationStatus } of certificate.DomainValidationOptions ?? []) {
    if (record?.Type === "CNAME" && ValidationMethod === "DNS" && ValidationStatus !== "SUCCESS") {
      awaited.set(record.Name, record.Value);
    }
  }
  return awaited;
}

// The records by their hosted zone: the public zone with the longest name that matches.
async function assignZones(awaited) {
  const zones = new Map();
  for (const domain of new Set([...awaited.keys()].map(registrable))) {
    let page = { DNSName: domain };
    do {
      const found = await route53.send(new ListHostedZonesByNameCommand(page));
      const fit = found.HostedZones.filter((zone) => !zone.Config?.PrivateZone && isUnder(zone.Name, domain));
      fit.forEach((zone) => zones.set(zone.Name, zone.Id.split("/").pop()));
      const more = found.IsTruncated && isUnder(found.NextDNSName, domain);
      page = more && { DNSName: found.NextDNSName, HostedZoneId: found.NextHostedZoneId };
    } while (page);
  }
  const byZone = new Map();
  for (const [name, value] of awaited) {
    const above = [...zones.keys()].filter((zone) => isUnder(name, zone)).sort((one, other) => other.length - one.length);
    if (above.length > 0) {
      const id = zones.get(above[0]);
      byZone.set(id, [...(byZone.get(id) ?? []), { name, value }]);
    }
  }
  return byZone;
}

const registrable = (name) => name.split(".").slice(-3).join(".");
const isUnder = (name, zone) => name === zone || name.endsWith(`.${zone}`);

// Writes the missing records of a zone. Records that are right are left alone.
async function writeRecords(zone, awaited) {
  const records = [];
  const missing = [];
  for (const { name, value } of awaited) {
    const found = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone, StartRecordName: name }));
    const set = found.ResourceRecordSets.find((set) => set.Name === name && set.Type === "CNAME");
    const present = set?.ResourceRecords?.[0].Value === value;
    records.push({ name, hostedZoneId: zone, state: present ? "PRESENT" : "WRITTEN" });
    if (!present) {
      const ResourceRecordSet = { Name: name, Type: "CNAME", TTL: 300, ResourceRecords: [{ Value: value }] };
      missing.push({ Action: "UPSERT", ResourceRecordSet });
    }
  }
  if (missing.length > 0) {
    await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes: missing } }));
  }
  return records;
}

async function publishEvent(arn, detail) {
  const { Entries, FailedEntryCount } = await events.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: "default",
          Source: SOURCE,
          DetailType: "Certificate Validation State Change",
          Resources: [arn],
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  if (FailedEntryCount > 0) {
    console.log(JSON.stringify({ level: "WARN", message: "cannot publish an event", error: Entries[0].ErrorCode }));
  }
}
