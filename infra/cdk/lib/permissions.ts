import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { SOURCE } from './events';

/** What the function may touch. */
export interface FunctionReach {
  readonly logGroupArn: string;
  readonly deadLetterQueueArn: string;
  readonly scheduleGroupName: string;
  readonly scheduleRoleArn: string;
  readonly dryRun: boolean;
  readonly eventBusArn?: string;
  readonly organizationQueueArn?: string;
  readonly hostedZoneIds: string[];
  readonly hostedZoneRoleArns: string[];
  readonly certificateRoleName?: string;
  readonly allowedDomains: string[];
}

/**
 * What the function may do, spelled out call by call. The grant helpers of the CDK are not used:
 * most of them allow more than the calls that the function makes.
 *
 * Each `Sid` says what the statement is for.
 */
export function functionPolicy(scope: Construct, reach: FunctionReach): PolicyDocument {
  const { account, partition, region } = Stack.of(scope);
  const group = `arn:${partition}:scheduler:${region}:${account}:schedule/${reach.scheduleGroupName}`;
  const zones = (id: string) => `arn:${partition}:route53:::hostedzone/${id}`;
  const statements = [
    allow('WriteItsLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [reach.logGroupArn]),
    allow('KeepEventsThatFailed', ['sqs:SendMessage'], [reach.deadLetterQueueArn]),
    allow(
      'LookAtCertificatesOfAnyRegion',
      ['acm:DescribeCertificate', 'acm:ListTagsForCertificate', 'acm:ListCertificateDomainValidations'],
      [`arn:${partition}:acm:*:${account}:certificate/*`],
    ),
    // Listings name no resource.
    allow('FindCertificatesThatWait', ['acm:ListCertificates', 'acm:SearchCertificates'], ['*']),
    allow('FindHostedZonesByName', ['route53:ListHostedZonesByName'], ['*']),
    // Of all zones, even where only some may be written: tags are read for ten zones in one call,
    // and one zone that may not be read would fail the call for the other nine.
    allow(
      'LookAtHostedZones',
      ['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:ListTagsForResources'],
      [zones('*')],
    ),
    allow('SeeWhetherACheckIsArmed', ['scheduler:GetSchedule'], [`${group}/*`]),
  ];
  // A dry run cannot write, whatever the code does.
  if (!reach.dryRun) {
    const ids = reach.hostedZoneIds.length > 0 ? reach.hostedZoneIds : ['*'];
    statements.push(
      writeValidationRecords(ids.map(zones), reach.allowedDomains),
      // Not UpdateSchedule: a check is armed once, and goes away by itself.
      allow('ArmChecksInItsOwnGroup', ['scheduler:CreateSchedule'], [`${group}/*`]),
      // Unless ACM's own news of the certificate comes first: the check would find it issued once more.
      // Checks alone, whose names begin with a UUID: the sweep's schedule is in this group too.
      allow(
        'DisarmTheCheckThatWouldTellTwice',
        ['scheduler:DeleteSchedule'],
        [`${group}/????????-????-????-????-????????????-*`],
      ),
      allow('HandTheScheduleRoleToSchedulerOnly', ['iam:PassRole'], [reach.scheduleRoleArn], {
        StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
      }),
    );
  }
  if (reach.eventBusArn) {
    statements.push(
      allow('PublishItsOwnEventsOnly', ['events:PutEvents'], [reach.eventBusArn], everyOf('events:source', SOURCE)),
    );
  }
  if (reach.hostedZoneRoleArns.length > 0) {
    statements.push(allow('ReachHostedZonesOfOtherAccounts', ['sts:AssumeRole'], reach.hostedZoneRoleArns));
  }
  if (reach.certificateRoleName) {
    statements.push(
      allow('ReachCertificatesOfOtherAccounts', ['sts:AssumeRole'], [
        `arn:${partition}:iam::*:role/${reach.certificateRoleName}`,
      ]),
    );
  }
  if (reach.organizationQueueArn) {
    statements.push(
      allow(
        'TakeEventsFromTheOrganizationQueue',
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        [reach.organizationQueueArn],
      ),
    );
  }
  return new PolicyDocument({ statements });
}

/** What Scheduler may do with the role that the function hands to it. */
export function schedulePolicy(functionArn: string, organizationQueueArn?: string): PolicyStatement[] {
  const invoke = allow('ChecksWakeTheFunction', ['lambda:InvokeFunction'], [functionArn]);
  // A check of a certificate whose event came by the queue comes by the queue too.
  return organizationQueueArn
    ? [invoke, allow('ChecksOfTheQueueStayInTheQueue', ['sqs:SendMessage'], [organizationQueueArn])]
    : [invoke];
}

/** What Scheduler may do with the role of the sweep, which nobody can hand on. Where there is a queue, nothing goes past it. */
export function sweepPolicy(functionArn: string, deadLetterQueueArn: string, organizationQueueArn?: string): PolicyStatement[] {
  return [
    organizationQueueArn
      ? allow('SweepsGoIntoTheQueueLikeEvents', ['sqs:SendMessage'], [organizationQueueArn])
      : allow('SweepsWakeTheFunction', ['lambda:InvokeFunction'], [functionArn]),
    allow('KeepSweepsThatNeverArrived', ['sqs:SendMessage'], [deadLetterQueueArn]),
  ];
}

/**
 * One kind of change: to UPSERT a CNAME whose first label starts with `_`, under the domains that are
 * served if only some are. Names come to IAM in lower case and without the trailing dot, and `_` needs
 * no escape.
 *
 * Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
 */
function writeValidationRecords(resources: string[], domains: string[]): PolicyStatement {
  const under = domains.map((domain) => `_*.${domain.toLowerCase().replace(/\.$/, '')}`);
  const types = everyOf('route53:ChangeResourceRecordSetsRecordTypes', 'CNAME');
  const actions = everyOf('route53:ChangeResourceRecordSetsActions', 'UPSERT');
  const names = everyOf('route53:ChangeResourceRecordSetsNormalizedRecordNames', under.length > 0 ? under : '_*', 'StringLike');
  return allow('UpsertValidationRecordsOnly', ['route53:ChangeResourceRecordSets'], resources, {
    'ForAllValues:StringEquals': { ...types['ForAllValues:StringEquals'], ...actions['ForAllValues:StringEquals'] },
    'ForAllValues:StringLike': names['ForAllValues:StringLike'],
    Null: { ...types.Null, ...actions.Null, ...names.Null },
  });
}

/** The key is there, and each of its values is this one, or one of these. `ForAllValues` alone holds for no value too. */
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
