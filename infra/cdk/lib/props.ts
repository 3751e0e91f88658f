import { Duration, Token } from 'aws-cdk-lib';
import { IEventBus } from 'aws-cdk-lib/aws-events';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ITopic } from 'aws-cdk-lib/aws-sns';

/** A tag that a certificate or a hosted zone must have. */
export interface RequiredTag {
  /** The tag's key. */
  readonly key: string;
  /** The tag's value. It may be empty. */
  readonly value: string;
}

/** How the queue passes events, checks and sweeps to the function. */
export interface OrganizationQueueOptions {
  /**
   * The most messages in one invocation. More than 10 need a batch window.
   *
   * @default 1000
   */
  readonly batchSize?: number;

  /**
   * How long to collect messages for one invocation, 5 minutes at most. A check is delayed by as much.
   *
   * @default Duration.minutes(1)
   */
  readonly batchWindow?: Duration;

  /**
   * The most concurrent invocations, from 2 to 1000. Route 53 allows an account about ten calls a second.
   *
   * @default 2
   */
  readonly maxConcurrency?: number;
}

/** Settings of `AcmDnsValidator`. All have a default: `new AcmDnsValidator(this, 'Validator')` serves its account and region. */
export interface AcmDnsValidatorProps {
  /**
   * The function's code: a directory or zip file with the executable `bootstrap`, built for
   * `architecture`.
   *
   * @default - the code that this package has, of its own version; in the repository, the output of
   * `cargo lambda build --release` in `target/lambda/bootstrap`
   */
  readonly code?: lambda.Code;

  /**
   * The processor architecture that the code is built for.
   *
   * @default lambda.Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * Memory of the function in MB. More memory also means more CPU.
   *
   * @default 128
   */
  readonly memorySize?: number;

  /**
   * The time limit of an invocation. A sweep that needs longer continues in another invocation.
   *
   * @default Duration.minutes(2)
   */
  readonly timeout?: Duration;

  /**
   * The most concurrent invocations, reserved from the account's pool. It limits the cost, and the
   * function's share of Route 53's ten calls a second. Events that have to wait are kept for six
   * hours. AWS refuses it in an account that would keep fewer than 100 for all other functions.
   *
   * @default - none reserved, and no limit of its own
   */
  readonly reservedConcurrency?: number;

  /**
   * The lowest level that is logged.
   *
   * @default lambda.ApplicationLogLevel.INFO
   */
  readonly logLevel?: lambda.ApplicationLogLevel;

  /**
   * How long the log is kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * The topic that alarms are sent to.
   *
   * @default - none: CloudWatch shows the alarms, and nobody is notified
   */
  readonly alarmTopic?: ITopic;

  /**
   * When to audit every certificate and every validation record within reach: a rate or cron expression of EventBridge Scheduler, in
   * UTC. Empty never does.
   *
   * @default - weekly, `cron(17 4 ? * MON *)`
   */
  readonly auditSchedule?: string;

  /**
   * The topic that gets a sentence about each certificate that is blocked, failed or timed out, and the summary of each audit. If it is not of this app, its
   * policy must let `events.amazonaws.com` publish.
   *
   * @default - none
   */
  readonly notificationTopic?: ITopic;

  /**
   * The e-mail address that gets the same texts instead, by a topic of this construct. SNS asks it to confirm first.
   *
   * @default - none
   */
  readonly notificationEmail?: string;

  /**
   * Whether to create a dashboard, and the read-only function behind its list of certificates. CloudWatch charges for more than three in an account.
   *
   * @default true
   */
  readonly dashboard?: boolean;

  /**
   * The bus for the function's own events (`EVENT_BUS`).
   *
   * @default - the account's default bus
   */
  readonly eventBus?: IEventBus;

  /**
   * Whether the function publishes events at all (`EVENT_BUS=none` if not).
   *
   * @default true
   */
  readonly publishEvents?: boolean;

  /**
   * Roles to assume for hosted zones of other accounts (`HOSTED_ZONE_ROLE_ARNS`).
   *
   * @default - hosted zones of this account only
   */
  readonly hostedZoneRoleArns?: string[];

  /**
   * The only hosted zones of this account that the function may write to. IAM enforces it. A record
   * for another zone is reported as blocked.
   *
   * @default - every hosted zone of this account
   */
  readonly hostedZoneIds?: string[];

  /**
   * A tag that a hosted zone must have to be considered (`HOSTED_ZONE_TAG`).
   *
   * @default - none
   */
  readonly hostedZoneTag?: RequiredTag;

  /**
   * The key of the tag by which a hosted zone lists the accounts, separated by spaces, whose
   * certificates may have records in it (`HOSTED_ZONE_ACCOUNTS_TAG`). A zone without the tag takes
   * certificates of the function's account only.
   *
   * @default - every account that is served may have records in every zone
   */
  readonly hostedZoneAccountsTag?: string;

  /**
   * The role to assume for certificates of other accounts, with its path if it has one
   * (`CERTIFICATE_ROLE_NAME`). The role must exist in every such account.
   *
   * @default - certificates of other accounts are refused
   */
  readonly certificateRoleName?: string;

  /**
   * A tag that a certificate must have to be served (`CERTIFICATE_TAG`).
   *
   * @default - none
   */
  readonly certificateTag?: RequiredTag;

  /**
   * The domains that are served, each with all names below it (`ALLOWED_DOMAINS`). In this account
   * IAM enforces it too.
   *
   * @default - all
   */
  readonly allowedDomains?: string[];

  /**
   * Regions to sweep for pending certificates (`REGIONS`). Forward the events of those regions to this
   * one, or their certificates wait for the next sweep.
   *
   * @default - this region
   */
  readonly regions?: string[];

  /**
   * Other accounts to serve and to sweep; no others are served then (`ACCOUNTS`). Needs `certificateRoleName`. `organization`
   * alone means all active accounts of the organization, and needs `organizationId`.
   *
   * @default - every account that has the role is served
   */
  readonly accounts?: string[];

  /**
   * The role to assume for listing the accounts of the organization (`ORGANIZATION_ROLE_ARN`), in its management account or in that
   * of a delegated administrator.
   *
   * @default - the function lists them, and its account must be one of these
   */
  readonly organizationRoleArn?: string;

  /**
   * Other accounts to sweep if `accounts` is empty. Needs `certificateRoleName`.
   *
   * @default - this account only
   */
  readonly sweepAccounts?: string[];

  /**
   * TTL of the records (`RECORD_TTL`).
   *
   * @default Duration.minutes(5)
   */
  readonly recordTtl?: Duration;

  /**
   * The recursive resolvers that are asked what public DNS says (`DNS_RESOLVERS`): IP addresses, each with a port if it is
   * not 53, or `none` alone, which never asks.
   *
   * @default - those of the Lambda environment
   */
  readonly dnsResolvers?: string[];

  /**
   * Check and report, but write and schedule nothing (`DRY_RUN`). The role has no permission to do so.
   *
   * @default false
   */
  readonly dryRun?: boolean;

  /**
   * The organization whose accounts may forward their events to the default bus of this region, `o-…`. With
   * `certificateRoleName`, IAM lets the function assume that role in accounts of this organization only.
   *
   * @default - none: no account may forward, and roles of any organization may be assumed
   */
  readonly organizationId?: string;

  /**
   * Puts a queue before the function: events, checks and sweeps come in batches, and only a few batches run
   * at the same time. Use it for hundreds of certificates an hour.
   *
   * @default - no queue: each event, check and sweep invokes the function
   */
  readonly organizationQueue?: OrganizationQueueOptions;
}

export const ZONE_ID = /^Z[A-Z0-9]{1,31}$/;
export const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/([\w+=.@-]+\/)*[\w+=.@-]{1,64}$/;
export const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;
export const DOMAIN = /^([A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\.?$/;
export const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/** The default of {@link AcmDnsValidatorProps.auditSchedule}. */
export const WEEKLY = 'cron(17 4 ? * MON *)';

/**
 * Throws if settings are wrong, and names all of them. The function does the same at its cold start,
 * but that is after the deployment. Values that are only known at deployment are not checked.
 */
export function checkProps(props: AcmDnsValidatorProps): void {
  const wrong = [
    ...each('hostedZoneIds', props.hostedZoneIds, ZONE_ID, 'ids of hosted zones, without `/hostedzone/`'),
    ...each('hostedZoneRoleArns', props.hostedZoneRoleArns, ROLE_ARN, 'ARNs of IAM roles'),
    ...each('allowedDomains', props.allowedDomains, DOMAIN, 'domains, without wildcards'),
    ...each('regions', props.regions, REGION, 'regions'),
    ...each('accounts', props.accounts, /^(organization|\d{12})$/, 'account ids, or organization'),
    ...each('organizationRoleArn', props.organizationRoleArn && [props.organizationRoleArn], ROLE_ARN, 'the ARN of an IAM role'),
    ...each('sweepAccounts', props.sweepAccounts, /^\d{12}$/, 'account ids'),
    ...each('dnsResolvers', props.dnsResolvers, /^(none|[0-9A-Fa-f.:[\]]+)$/, 'IP addresses, each with a port if it is not 53, or none'),
    ...each('organizationId', props.organizationId && [props.organizationId], /^o-[a-z0-9]{10,32}$/, 'the id of an organization'),
    ...each(
      'certificateRoleName',
      props.certificateRoleName && [props.certificateRoleName],
      /^([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
      "a role's name, with its path and without a leading slash",
    ),
    ...each('auditSchedule', props.auditSchedule && [props.auditSchedule], /^(rate|cron)\([^()]+\)$/, 'a rate or cron expression'),
    ...each('notificationEmail', props.notificationEmail && [props.notificationEmail], /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an e-mail address'),
    ...tag('hostedZoneTag', props.hostedZoneTag),
    ...tag('certificateTag', props.certificateTag),
    ...each(
      'hostedZoneAccountsTag',
      props.hostedZoneAccountsTag && [props.hostedZoneAccountsTag],
      /^[^=]{1,128}$/,
      'the key of a tag, without an equals sign and a value',
    ),
    ...whole('recordTtl', props.recordTtl?.toSeconds(), 0, 2 ** 31 - 1),
    ...whole('reservedConcurrency', props.reservedConcurrency, 1, 1000),
    ...whole('organizationQueue.batchSize', props.organizationQueue?.batchSize, 1, 10_000),
    ...whole('organizationQueue.batchWindow', props.organizationQueue?.batchWindow?.toSeconds(), 0, 300),
    ...whole('organizationQueue.maxConcurrency', props.organizationQueue?.maxConcurrency, 2, 1000),
    ...unless(
      (props.organizationQueue?.batchSize ?? 1000) <= 10 || props.organizationQueue?.batchWindow?.toSeconds() !== 0,
      'organizationQueue.batchSize over 10 needs a batchWindow',
    ),
    ...unless(!props.dnsResolvers?.includes('none') || props.dnsResolvers.length === 1, 'dnsResolvers has none and others'),
    ...unless(!props.accounts?.length || !!props.certificateRoleName, 'accounts needs certificateRoleName'),
    ...unless(!servesOrganization(props) || props.accounts?.length === 1, 'accounts has organization and others'),
    ...unless(
      !servesOrganization(props) || !!props.organizationId,
      'accounts=organization needs organizationId, so that IAM lets the function assume roles in that organization only',
    ),
    ...unless(!props.organizationRoleArn || servesOrganization(props), 'organizationRoleArn is used with accounts=organization only'),
    ...unless(!props.sweepAccounts?.length || !!props.certificateRoleName, 'sweepAccounts needs certificateRoleName'),
    ...unless(
      !props.organizationQueue || !props.reservedConcurrency || props.reservedConcurrency >= (props.organizationQueue.maxConcurrency ?? 2),
      'organizationQueue.maxConcurrency is more than reservedConcurrency: messages would be throttled into the dead-letter queue',
    ),
    ...unless(
      props.publishEvents !== false || !props.eventBus,
      'eventBus is set, but publishEvents is false',
    ),
    ...unless(
      props.publishEvents !== false || (!props.notificationTopic && !props.notificationEmail),
      'notificationTopic and notificationEmail need events, but publishEvents is false',
    ),
    ...unless(!props.notificationTopic || !props.notificationEmail, 'notificationTopic and notificationEmail are both set'),
  ];
  if (wrong.length > 0) {
    throw new Error(`settings of AcmDnsValidator: ${wrong.join('; ')}`);
  }
}

/** Whether the accounts are those of the organization. */
export function servesOrganization(props: AcmDnsValidatorProps): boolean {
  return props.accounts?.includes('organization') ?? false;
}

export function each(name: string, values: string[] | '' | undefined, shape: RegExp, meaning: string): string[] {
  const bad = (values || []).filter((value) => !Token.isUnresolved(value) && !shape.test(value));
  return bad.map((value) => `${name}: \`${value}\` is not of the shape: ${meaning}`);
}

function tag(name: string, value?: RequiredTag): string[] {
  return unless(!value || (value.key !== '' && !value.key.includes('=')), `${name} needs a key, without an equals sign`);
}

function whole(name: string, value: number | undefined, from: number, to: number): string[] {
  const fits = value === undefined || Token.isUnresolved(value) || (Number.isInteger(value) && value >= from && value <= to);
  return unless(fits, `${name} is ${value}, but must be a whole number from ${from} to ${to}`);
}

function unless(fine: boolean, complaint: string): string[] {
  return fine ? [] : [complaint];
}
