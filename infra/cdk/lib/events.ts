import { EventPattern, Match } from 'aws-cdk-lib/aws-events';

/** The source of the function's own events. */
export const SOURCE = 'acm-dns-validator';

/** The detail-type of a sweep. */
export const SWEEP = 'Certificate Sweep';

/** A set of events that the function is to hear of. */
export interface Subscription {
  /** What they have in common; also the rule's id. */
  readonly id: string;
  readonly description: string;
  readonly pattern: EventPattern;
}

/**
 * Everything that wakes the function from outside.
 *
 * The patterns choose by the call alone. Whether a certificate is ours is decided by what ACM says
 * of it, never by the event: a record of CloudTrail may lack nearly every field.
 */
export const SUBSCRIPTIONS: readonly Subscription[] = [
  {
    id: 'CertificateCalls',
    description: 'Somebody requested a certificate, tagged one, or moved one to DNS validation',
    pattern: {
      source: ['aws.acm'],
      detailType: ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['acm.amazonaws.com'],
        eventName: ['RequestCertificate', 'AddTagsToCertificate', 'UpdateCertificateOptions'],
        // A call that failed changed nothing.
        errorCode: Match.doesNotExist(),
      },
    },
  },
  {
    id: 'CertificateNews',
    description: 'ACM issued a certificate, or cannot renew one',
    pattern: {
      source: ['aws.acm'],
      detailType: ['ACM Certificate Available', 'ACM Certificate Renewal Action Required'],
    },
  },
  {
    // Route 53 is global: CloudTrail tells of it in one region, us-east-1 in the commercial partition.
    // In any other region this rule hears only what is forwarded from there. A rule costs nothing.
    id: 'HostedZoneCalls',
    description: 'Somebody made or tagged a hosted zone, which may unblock records',
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
