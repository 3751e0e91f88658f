import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { SOURCE } from './events';

/** The resources that a policy for reading refers to. */
export interface ReadingPolicyProps {
  readonly logGroupArn: string;
  readonly scheduleGroupName: string;
  readonly certificateRoleName?: string;
  readonly organizationId?: string;
  readonly servesOrganization: boolean;
  readonly organizationRoleArn?: string;
}

/** The resources that the function's policy refers to. */
export interface FunctionPolicyProps extends ReadingPolicyProps {
  readonly deadLetterQueueArn: string;
  readonly scheduleRoleArn: string;
  readonly dryRun: boolean;
  readonly eventBusArn?: string;
  readonly organizationQueueArn?: string;
  readonly hostedZoneIds: string[];
  readonly hostedZoneRoleArns: string[];
  readonly allowedDomains: string[];
}

/**
 * The permissions of the function, call by call. The grant methods of the CDK are not used: most of them
 * allow more than the function needs.
 *
 * Each `Sid` says what the statement is for. `template.yaml` has the same statements under the same Sids.
 */
export function functionPolicy(scope: Construct, props: FunctionPolicyProps): PolicyDocument {
  const { partition } = Stack.of(scope);
  const group = schedulesOf(scope, props.scheduleGroupName);
  const zones = (id: string) => `arn:${partition}:route53:::hostedzone/${id}`;
  const statements = [
    ...reading(scope, props),
    allow('KeepFailedEventsInTheDeadLetterQueue', ['sqs:SendMessage'], [props.deadLetterQueueArn]),
  ];
  // In a dry run IAM denies every write, whatever the code does.
  if (!props.dryRun) {
    const ids = props.hostedZoneIds.length > 0 ? props.hostedZoneIds : ['*'];
    statements.push(
      writeValidationRecords(ids.map(zones)),
      ...denyOtherNames(zones('*'), props.allowedDomains),
      // Not UpdateSchedule: a check is scheduled once, and its schedule deletes itself.
      allow('ScheduleChecksInItsOwnGroupOnly', ['scheduler:CreateSchedule'], [`${group}/*`]),
      // ACM's own event about an issued certificate comes before the scheduled check, which would report the
      // certificate as issued a second time. Only checks, whose names begin with a UUID: the sweep's schedule
      // is in this group too.
      allow(
        'CancelTheCheckThatWouldPublishTwice',
        ['scheduler:DeleteSchedule'],
        [`${group}/????????-????-????-????-????????????-*`],
      ),
      allow('PassTheScheduleRoleToSchedulerOnly', ['iam:PassRole'], [props.scheduleRoleArn], {
        StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
      }),
    );
  }
  if (props.eventBusArn) {
    statements.push(
      allow('PublishItsOwnEventsOnly', ['events:PutEvents'], [props.eventBusArn], everyOf('events:source', SOURCE)),
    );
  }
  if (props.hostedZoneRoleArns.length > 0) {
    statements.push(allow('AssumeRolesForHostedZonesOfOtherAccounts', ['sts:AssumeRole'], props.hostedZoneRoleArns));
  }
  if (props.organizationQueueArn) {
    statements.push(
      allow(
        'ReceiveEventsFromTheOrganizationQueue',
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        [props.organizationQueueArn],
      ),
    );
  }
  return new PolicyDocument({ statements });
}

/** The permissions of the overview on the dashboard: what the function reads, and nothing else. */
export function overviewPolicy(scope: Construct, props: ReadingPolicyProps & { hostedZoneReadRoleArns: string[] }): PolicyDocument {
  const statements = reading(scope, props);
  if (props.hostedZoneReadRoleArns.length > 0) {
    statements.push(allow('AssumeRolesForReadingHostedZonesOfOtherAccounts', ['sts:AssumeRole'], props.hostedZoneReadRoleArns));
  }
  return new PolicyDocument({ statements });
}

/** The permissions of the role in an account with hosted zones that the function assumes. */
export function zonePolicy(scope: Construct, hostedZoneIds: string[], allowedDomains: string[]): PolicyDocument {
  const zones = (id: string) => `arn:${Stack.of(scope).partition}:route53:::hostedzone/${id}`;
  const ids = hostedZoneIds.length > 0 ? hostedZoneIds : ['*'];
  return new PolicyDocument({
    statements: [...readingZones(scope), writeValidationRecords(ids.map(zones)), ...denyOtherNames(zones('*'), allowedDomains)],
  });
}

/** The permissions of the role there that the dashboard assumes. */
export function zoneReadPolicy(scope: Construct): PolicyDocument {
  return new PolicyDocument({ statements: readingZones(scope) });
}

/** The permissions of the role in a member account that the function and the dashboard assume. */
export function certificatePolicy(scope: Construct): PolicyDocument {
  return new PolicyDocument({ statements: readingCertificates(scope) });
}

/** Reading certificates of the account. Every region: an event, or a human, may name a certificate of any region. */
function readingCertificates(scope: Construct): PolicyStatement[] {
  const { account, partition } = Stack.of(scope);
  return [
    allow(
      'ReadCertificatesOfThisAccount',
      ['acm:DescribeCertificate', 'acm:ListTagsForCertificate', 'acm:ListCertificateDomainValidations'],
      [`arn:${partition}:acm:*:${account}:certificate/*`],
    ),
    // These calls have no resource: IAM accepts only * for them.
    allow('FindPendingCertificates', ['acm:ListCertificates', 'acm:SearchCertificates'], ['*']),
  ];
}

/** Reading hosted zones of the account. */
function readingZones(scope: Construct): PolicyStatement[] {
  return [
    // This call has no resource either.
    allow('FindHostedZonesByName', ['route53:ListHostedZonesByName'], ['*']),
    // All zones, even if only some may be written: tags are read for ten zones in one call, and one zone
    // without permission would fail the call for the other nine.
    allow(
      'ReadHostedZonesAndTheirRecords',
      ['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:ListTagsForResources'],
      [`arn:${Stack.of(scope).partition}:route53:::hostedzone/*`],
    ),
  ];
}

/** What the function and the overview read, in their own account and by the certificate role of others, and their logs. */
function reading(scope: Construct, props: ReadingPolicyProps): PolicyStatement[] {
  const { partition } = Stack.of(scope);
  const statements = [
    allow('WriteItsOwnLogOnly', ['logs:CreateLogStream', 'logs:PutLogEvents'], [props.logGroupArn]),
    ...readingCertificates(scope),
    ...readingZones(scope),
    allow('SeeWhetherACheckIsScheduled', ['scheduler:GetSchedule'], [`${schedulesOf(scope, props.scheduleGroupName)}/*`]),
  ];
  if (props.certificateRoleName) {
    // Any account, of the organization if it is known. Roles for hosted zones are listed one by one, and may be of
    // another organization.
    const organization = props.organizationId && { StringEquals: { 'aws:ResourceOrgID': props.organizationId } };
    statements.push(
      allow(
        'AssumeRolesForCertificatesOfOtherAccounts',
        ['sts:AssumeRole'],
        [`arn:${partition}:iam::*:role/${props.certificateRoleName}`],
        organization || undefined,
      ),
    );
  }
  if (props.organizationRoleArn) {
    statements.push(allow('AssumeTheRoleThatListsTheAccountsOfTheOrganization', ['sts:AssumeRole'], [props.organizationRoleArn]));
  } else if (props.servesOrganization) {
    // These calls read, and one of them has no resource. AWS answers the management account and delegated administrators only.
    statements.push(allow('ListTheAccountsOfTheOrganization', ['organizations:DescribeAccount', 'organizations:ListAccounts'], ['*']));
  }
  return statements;
}

function schedulesOf(scope: Construct, group: string): string {
  const { account, partition, region } = Stack.of(scope);
  return `arn:${partition}:scheduler:${region}:${account}:schedule/${group}`;
}

/** The permissions of the role that the function passes to EventBridge Scheduler. */
export function schedulePolicy(functionArn: string, deadLetterQueueArn: string, organizationQueueArn?: string): PolicyStatement[] {
  return [
    allow('ChecksInvokeTheFunction', ['lambda:InvokeFunction'], [functionArn]),
    // If a certificate's event came through the queue, its checks return through the queue.
    ...(organizationQueueArn ? [allow('QueuedChecksReturnThroughTheQueue', ['sqs:SendMessage'], [organizationQueueArn])] : []),
    // Scheduler sends dead letters as the schedule's role.
    allow('KeepUndeliveredChecks', ['sqs:SendMessage'], [deadLetterQueueArn]),
  ];
}

/**
 * The permissions of the sweep's role, which nobody can pass on. With a queue, sweeps go through the queue only.
 */
export function sweepPolicy(functionArn: string, deadLetterQueueArn: string, organizationQueueArn?: string): PolicyStatement[] {
  return [
    organizationQueueArn
      ? allow('SweepsGoThroughTheQueueLikeEvents', ['sqs:SendMessage'], [organizationQueueArn])
      : allow('SweepsInvokeTheFunction', ['lambda:InvokeFunction'], [functionArn]),
    allow('KeepUndeliveredSweeps', ['sqs:SendMessage'], [deadLetterQueueArn]),
  ];
}

/** The permissions of the audit's role, which nobody can pass on. */
export function auditPolicy(functionArn: string, deadLetterQueueArn: string): PolicyStatement[] {
  return [
    allow('AuditsInvokeTheFunction', ['lambda:InvokeFunction'], [functionArn]),
    allow('KeepUndeliveredAudits', ['sqs:SendMessage'], [deadLetterQueueArn]),
  ];
}

/** The key of the names of a change batch. IAM gets them in lower case and without the trailing dot; `_` needs no escape. */
const NAMES = 'route53:ChangeResourceRecordSetsNormalizedRecordNames';

/** The characters of ACM's label after its underscore, wherever one is seen in public. */
const LABEL_LENGTH = 32;

/**
 * Allows one kind of change: an UPSERT of a CNAME whose first label is an underscore and 32 characters.
 *
 * Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
 */
function writeValidationRecords(resources: string[]): PolicyStatement {
  const types = everyOf('route53:ChangeResourceRecordSetsRecordTypes', 'CNAME');
  const actions = everyOf('route53:ChangeResourceRecordSetsActions', 'UPSERT');
  const names = everyOf(NAMES, `_${'?'.repeat(LABEL_LENGTH)}.*`, 'StringLike');
  return allow('UpsertValidationRecordsOnly', ['route53:ChangeResourceRecordSets'], resources, {
    'ForAllValues:StringEquals': { ...types['ForAllValues:StringEquals'], ...actions['ForAllValues:StringEquals'] },
    'ForAllValues:StringLike': names['ForAllValues:StringLike'],
    Null: { ...types.Null, ...actions.Null, ...names.Null },
  });
}

/**
 * Denies names outside the domains that are served, and names whose first label is not ACM's.
 *
 * In the pattern that is allowed, a `?` also matches a dot: it also matches names whose first label is shorter,
 * such as `_acme-challenge`, `_dmarc` and `_mta-sts`. A CNAME to somebody else's zone at such a name gives away
 * what the name controls. So these are denied: a dot at each place within the first label; a later label that
 * begins with an underscore (`_domainkey`, `_smtp._tls`, SRV and TLSA names), which no certificate's name has;
 * GitHub's names, whose length varies.
 */
function denyOtherNames(zones: string, domains: string[]): PolicyStatement[] {
  const shorter = Array.from({ length: LABEL_LENGTH - 1 }, (_, length) => `_${'?'.repeat(length)}.*`);
  const deny = (sid: string, operator: string, patterns: string[]) =>
    new PolicyStatement({
      sid,
      effect: Effect.DENY,
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [zones],
      conditions: { [`ForAnyValue:${operator}`]: { [NAMES]: patterns } },
    });
  const served = domains.map((domain) => `*.${domain.toLowerCase().replace(/\.$/, '')}`);
  return [
    // A statement of its own: with one pattern for each domain, a long list fits into a policy.
    ...(served.length > 0 ? [deny('DenyNamesOutsideTheAllowedDomains', 'StringNotLike', served)] : []),
    deny('DenyNamesWithoutTheLabelOfAcm', 'StringLike', [...shorter, '*._*', '_gh-*', '_github-*']),
  ];
}

/**
 * The key is present, and each of its values is one of these. `ForAllValues` alone also matches a request
 * without the key, so `Null` requires the key.
 */
function everyOf(key: string, value: string | string[], operator = 'StringEquals'): Record<string, Record<string, unknown>> {
  return { [`ForAllValues:${operator}`]: { [key]: value }, Null: { [key]: 'false' } };
}

function allow(
  sid: string,
  actions: string[],
  resources: string[],
  conditions?: Record<string, unknown>,
): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions });
}
