import { EventPattern, Match, RuleTargetInput } from 'aws-cdk-lib/aws-events';

/** The source of the function's own events. */
export const SOURCE = 'acm-dns-validator';

/** The function's events that need a human. */
export const NOTABLE: EventPattern = {
  source: [SOURCE],
  detailType: ['Certificate Validation State Change'],
  detail: { state: ['BLOCKED', 'FAILED', 'TIMED_OUT'] },
};

/** Such an event as a sentence. */
export const SENTENCE: RuleTargetInput = {
  bind: () => ({
    inputPathsMap: {
      certificate: '$.detail.certificateArn',
      name: '$.detail.domainName',
      reason: '$.detail.reason',
      state: '$.detail.state',
    },
    inputTemplate: '"<name> is <state>: <reason> (<certificate>)"',
  }),
};

/** What an audit found in all. */
export const SUMMARIES: EventPattern = { source: [SOURCE], detailType: ['Certificate Audit Summary'] };

/** Such an event as the text in it. */
export const SUMMARY: RuleTargetInput = {
  bind: () => ({ inputPathsMap: { text: '$.detail.text' }, inputTemplate: '"<text>"' }),
};

/** The detail-type of an audit. */
export const AUDIT = 'Certificate Audit';

/** The detail-type of a sweep. */
export const SWEEP = 'Certificate Sweep';

/** The detail-type of the question that the dashboard asks. */
export const OVERVIEW = 'Certificate Overview';

/** A set of events that start a check. */
export interface Subscription {
  /** What the events have in common. It is also the rule's id. */
  readonly id: string;
  readonly description: string;
  readonly pattern: EventPattern;
}

/**
 * The events of AWS that start a check.
 *
 * The patterns select by the call alone. Whether the function serves a certificate is decided by what ACM
 * says about it, never by the event: a CloudTrail record may lack nearly every field.
 */
export const SUBSCRIPTIONS: readonly Subscription[] = [
  {
    id: 'CertificateCalls',
    description: 'Somebody requested or changed an ACM certificate',
    pattern: {
      source: ['aws.acm'],
      detailType: ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['acm.amazonaws.com'],
        eventName: ['RequestCertificate', 'AddTagsToCertificate', 'RemoveTagsFromCertificate', 'UpdateCertificateOptions'],
        // A call that failed changed nothing.
        errorCode: Match.doesNotExist(),
      },
    },
  },
  {
    id: 'CertificateNews',
    description: 'ACM issued a certificate, or needs help with a renewal',
    pattern: {
      source: ['aws.acm'],
      detailType: ['ACM Certificate Available', 'ACM Certificate Renewal Action Required'],
    },
  },
  {
    // Route 53 is global: CloudTrail records its calls in one region only, us-east-1 in the commercial
    // partition. In other regions this rule matches only forwarded events. A rule costs nothing.
    id: 'HostedZoneCalls',
    description: 'Somebody created or tagged a Route 53 hosted zone',
    pattern: {
      source: ['aws.route53'],
      detailType: ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['route53.amazonaws.com'],
        errorCode: Match.doesNotExist(),
        $or: [
          { eventName: ['CreateHostedZone'] },
          // The same call tags health checks.
          { eventName: ['ChangeTagsForResource'], requestParameters: { resourceType: ['hostedzone'] } },
        ],
      },
    },
  },
];
