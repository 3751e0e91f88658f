import { Duration, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, EventBusPolicy, IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { Policy, PolicyDocument, PolicyStatement, Role, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { builtBootstrap } from './bootstrap';
import { SOURCE, SUBSCRIPTIONS, SWEEP } from './events';
import { functionPolicy, schedulePolicy, sweepPolicy } from './permissions';
import { checkProps } from './props-check';
import { Watch } from './watch';

/** A tag that a thing must carry. */
export interface RequiredTag {
  /** The tag's key. */
  readonly key: string;
  /** The tag's value; may be empty. */
  readonly value: string;
}

/** How events, checks and sweeps are queued before the function takes them. */
export interface OrganizationQueueOptions {
  /**
   * Messages in one invocation, at most. More than 10 need a batch window.
   *
   * @default 1000
   */
  readonly batchSize?: number;

  /**
   * How long to gather messages for one invocation, 5 minutes at most. It delays a look by as much.
   *
   * @default Duration.minutes(1)
   */
  readonly batchWindow?: Duration;

  /**
   * Invocations at a time, from 2 to 1000. Route 53 allows an account about ten calls a second.
   *
   * @default 2
   */
  readonly maxConcurrency?: number;
}

/** Settings of {@link AcmDnsValidator}. All have a default: `new AcmDnsValidator(this, 'Validator')` serves the account and region. */
export interface AcmDnsValidatorProps {
  /**
   * The function's code: a directory or zip file that holds the executable `bootstrap`, built for
   * {@link architecture}.
   *
   * @default - what `cargo lambda build --release` left in `target/lambda/bootstrap` of the
   * repository that holds this package
   */
  readonly code?: lambda.Code;

  /**
   * What the code was built for.
   *
   * @default lambda.Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * Memory of the function in MB. CPU comes with it.
   *
   * @default 128
   */
  readonly memorySize?: number;

  /**
   * How long an invocation may take. A sweep that needs longer goes on in another one.
   *
   * @default Duration.minutes(2)
   */
  readonly timeout?: Duration;

  /**
   * Invocations at a time. It bounds the cost, and the share of Route 53's ten calls a second that
   * the function can take; events that have to wait are kept for six hours. AWS refuses it in an
   * account that would keep fewer than 100 for all other functions.
   *
   * @default - no bound of its own
   */
  readonly reservedConcurrency?: number;

  /**
   * The least important lines that are logged.
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
   * Who is told of alarms.
   *
   * @default - nobody: the alarms only show
   */
  readonly alarmTopic?: ITopic;

  /**
   * Whether to make a dashboard. CloudWatch charges for more than three in an account.
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
   * The only hosted zones of this account that the function may write to. IAM enforces it: a record
   * for another zone is reported as blocked.
   *
   * @default - every hosted zone of this account
   */
  readonly hostedZoneIds?: string[];

  /**
   * A tag that a hosted zone must carry to come into question (`HOSTED_ZONE_TAG`).
   *
   * @default - none
   */
  readonly hostedZoneTag?: RequiredTag;

  /**
   * The role to assume in a certificate's account when that is another one, with its path if it has
   * one (`CERTIFICATE_ROLE_NAME`). The role must exist in every such account.
   *
   * @default - certificates of other accounts are refused
   */
  readonly certificateRoleName?: string;

  /**
   * A tag that a certificate must carry to be served (`CERTIFICATE_TAG`).
   *
   * @default - none
   */
  readonly certificateTag?: RequiredTag;

  /**
   * Domains whose names are served, each with everything under it (`ALLOWED_DOMAINS`). In this account
   * IAM enforces it too.
   *
   * @default - all
   */
  readonly allowedDomains?: string[];

  /**
   * Regions to sweep for certificates that wait (`REGIONS`). Their events have to be forwarded to
   * this region for looks without delay.
   *
   * @default - this region
   */
  readonly regions?: string[];

  /**
   * Other accounts to sweep. Needs {@link certificateRoleName}.
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
   * Look, plan and report, but write and schedule nothing (`DRY_RUN`). The role is not even allowed to.
   *
   * @default false
   */
  readonly dryRun?: boolean;

  /**
   * The organization whose accounts may forward their events to the default bus of this region, `o-…`.
   *
   * @default - no account may
   */
  readonly organizationId?: string;

  /**
   * Puts a queue before the function: events, checks and sweeps come in batches, never more than a few at a
   * time. It is for hundreds of certificates an hour.
   *
   * @default - events, checks and sweeps invoke the function one by one
   */
  readonly organizationQueue?: OrganizationQueueOptions;
}

/**
 * Validates ACM certificates of an account by publishing their DNS records in Route 53.
 *
 * CloudTrail must log write management events in the regions of interest.
 *
 * Two of them may stand in one account and region, but their metrics are added up: an alarm of either
 * sees what both do, and none sees that one of two does not sweep.
 */
export class AcmDnsValidator extends Construct {
  /** The function. */
  public readonly function: lambda.Function;
  /** The function's role; other accounts let it assume theirs. */
  public readonly functionRole: Role;
  /** The role that Scheduler assumes for checks. */
  public readonly scheduleRole: Role;
  /** The role that Scheduler assumes for sweeps. */
  public readonly sweepRole: Role;
  /** The name of the group that holds the function's schedules, and nothing else. */
  public readonly scheduleGroupName: string;
  /** What came to nothing. It is encrypted, and kept for two weeks. */
  public readonly deadLetterQueue: Queue;
  /** The function's log. */
  public readonly logGroup: LogGroup;
  /** The rules that wake the function. */
  public readonly rules: Rule[];
  /** Everything that tells a human to look. */
  public readonly alarms: Alarm[];
  /** What stands between the rules and the function, if anything. */
  public readonly organizationQueue?: Queue;

  public constructor(scope: Construct, id: string, props: AcmDnsValidatorProps = {}) {
    super(scope, id);
    checkProps(props);
    const stack = Stack.of(this);
    const timeout = props.timeout ?? Duration.minutes(2);
    const architecture = props.architecture ?? lambda.Architecture.X86_64;
    const batchWindow = props.organizationQueue?.batchWindow ?? Duration.minutes(1);
    const dryRun = props.dryRun ?? false;
    const publishEvents = props.publishEvents ?? true;

    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    if (props.organizationQueue) {
      this.organizationQueue = new Queue(this, 'OrganizationQueue', {
        encryption: QueueEncryption.SQS_MANAGED,
        enforceSSL: true,
        // As long as ACM waits for a validation, and a day.
        retentionPeriod: Duration.days(4),
        // Lambda's advice: less, and a message may be worked on twice at once.
        visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + batchWindow.toSeconds()),
        deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 5 },
      });
    }

    // A group of our own: to delete the stack deletes every check that is armed.
    const group = new CfnScheduleGroup(this, 'ScheduleGroup', {
      name: Names.uniqueResourceName(this, { maxLength: 64, separator: '-' }),
    });
    this.scheduleGroupName = group.ref;
    // Nobody else's schedules: not those of other accounts, nor of other groups.
    const scheduler = new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnEquals: {
          'aws:SourceArn': stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: group.ref }),
        },
      },
    });
    this.scheduleRole = new Role(this, 'ScheduleRole', {
      description: 'EventBridge Scheduler sends the checks of acm-dns-validator with it',
      assumedBy: scheduler,
    });
    this.functionRole = new Role(this, 'FunctionRole', {
      description: 'What acm-dns-validator may do',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        validate: functionPolicy(this, {
          logGroupArn: this.logGroup.logGroupArn,
          deadLetterQueueArn: this.deadLetterQueue.queueArn,
          scheduleGroupName: group.ref,
          scheduleRoleArn: this.scheduleRole.roleArn,
          dryRun,
          eventBusArn: publishEvents ? (props.eventBus?.eventBusArn ?? defaultBus(stack)) : undefined,
          organizationQueueArn: this.organizationQueue?.queueArn,
          hostedZoneIds: props.hostedZoneIds ?? [],
          hostedZoneRoleArns: props.hostedZoneRoleArns ?? [],
          certificateRoleName: props.certificateRoleName,
          allowedDomains: props.allowedDomains ?? [],
        }),
      },
    });

    this.function = new lambda.Function(this, 'Function', {
      description: 'Validates ACM certificates by publishing their DNS records in Route 53',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      code: props.code ?? lambda.Code.fromAsset(builtBootstrap(architecture)),
      architecture,
      memorySize: props.memorySize ?? 128,
      timeout,
      reservedConcurrentExecutions: props.reservedConcurrency,
      role: this.functionRole,
      logGroup: this.logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: props.logLevel ?? lambda.ApplicationLogLevel.INFO,
      // INFO holds Lambda's report of each invocation.
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      environment: withoutGaps({
        SCHEDULE_GROUP: group.ref,
        SCHEDULE_ROLE_ARN: this.scheduleRole.roleArn,
        EVENT_BUS: publishEvents ? props.eventBus?.eventBusArn : 'none',
        HOSTED_ZONE_ROLE_ARNS: props.hostedZoneRoleArns?.join(','),
        CERTIFICATE_ROLE_NAME: props.certificateRoleName,
        HOSTED_ZONE_TAG: spell(props.hostedZoneTag),
        CERTIFICATE_TAG: spell(props.certificateTag),
        ALLOWED_DOMAINS: props.allowedDomains?.join(','),
        REGIONS: props.regions?.join(','),
        RECORD_TTL: props.recordTtl?.toSeconds().toString(),
        DRY_RUN: dryRun ? 'true' : undefined,
      }),
    });
    new lambda.CfnEventInvokeConfig(this, 'OnFailure', {
      functionName: this.function.functionName,
      qualifier: '$LATEST',
      maximumRetryAttempts: 2,
      maximumEventAgeInSeconds: Duration.hours(6).toSeconds(),
      destinationConfig: { onFailure: { destination: this.deadLetterQueue.queueArn } },
    });
    // Policies of their own: the function is told of the role, and so the role cannot be told of the function.
    new Policy(this, 'SchedulePolicy', {
      roles: [this.scheduleRole],
      statements: schedulePolicy(this.function.functionArn, this.organizationQueue?.queueArn),
    });

    this.rules = this.listen();
    if (this.organizationQueue) {
      this.function.addEventSourceMapping('FromOrganizationQueue', {
        eventSourceArn: this.organizationQueue.queueArn,
        batchSize: props.organizationQueue?.batchSize ?? 1000,
        maxBatchingWindow: batchWindow,
        maxConcurrency: props.organizationQueue?.maxConcurrency ?? 2,
        // One message that fails does not bring back the others of its batch.
        reportBatchItemFailures: true,
      });
    }
    if (props.organizationId) {
      const bus = EventBus.fromEventBusName(this, 'DefaultBus', 'default');
      new EventBusPolicy(this, 'OrganizationMayForward', {
        eventBus: bus,
        statementId: Names.uniqueResourceName(this, { maxLength: 64, separator: '-' }),
        // What concerns certificates and zones, and nothing else. Nobody but AWS can send as `aws.…`.
        statement: new PolicyStatement({
          principals: [new StarPrincipal()],
          actions: ['events:PutEvents'],
          resources: [bus.eventBusArn],
          conditions: {
            StringEquals: { 'aws:PrincipalOrgID': props.organizationId },
            'ForAllValues:StringEquals': { 'events:source': ['aws.acm', 'aws.route53'] },
          },
        }).toJSON(),
      });
    }

    this.sweepRole = new Role(this, 'SweepRole', {
      description: 'EventBridge Scheduler sends the sweeps of acm-dns-validator with it',
      assumedBy: scheduler,
      inlinePolicies: {
        sweep: new PolicyDocument({
          statements: sweepPolicy(this.function.functionArn, this.deadLetterQueue.queueArn, this.organizationQueue?.queueArn),
        }),
      },
    });
    const detail = props.sweepAccounts?.length ? { accounts: props.sweepAccounts } : {};
    new CfnSchedule(this, 'Sweep', {
      description: 'Arms the next check of every certificate that waits: events may be lost',
      groupName: group.ref,
      scheduleExpression: 'rate(1 hour)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: this.door,
        roleArn: this.sweepRole.roleArn,
        deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
        // The next sweep does the same as a late one.
        retryPolicy: { maximumEventAgeInSeconds: Duration.hours(1).toSeconds(), maximumRetryAttempts: 10 },
        input: stack.toJsonString({ source: SOURCE, 'detail-type': SWEEP, resources: [], detail }),
      },
    });

    this.alarms = new Watch(this, 'Watch', {
      function: this.function,
      deadLetterQueue: this.deadLetterQueue,
      organizationQueue: this.organizationQueue,
      topic: props.alarmTopic,
      dashboard: props.dashboard ?? true,
    }).alarms;
  }

  /**
   * Where everything goes that is to wake the function. Checks come back the way their certificate's
   * event came, or the sweep that found it: what goes past the queue once goes past it for good.
   */
  private get door(): string {
    return this.organizationQueue?.queueArn ?? this.function.functionArn;
  }

  /**
   * The rules on the default bus, where AWS's own events arrive, and those that other regions and
   * accounts forward. They wake the function, by the queue if there is one.
   */
  private listen(): Rule[] {
    const target = {
      arn: this.door,
      deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
      retryPolicy: { maximumEventAgeInSeconds: Duration.days(1).toSeconds(), maximumRetryAttempts: 185 },
    };
    const rules = SUBSCRIPTIONS.map(
      ({ id, description, pattern }) =>
        new Rule(this, id, { description, eventPattern: pattern, targets: [{ bind: () => target }] }),
    );
    const events = new ServicePrincipal('events.amazonaws.com');
    const send = (sid: string, queue: Queue) =>
      queue.addToResourcePolicy(
        new PolicyStatement({
          sid,
          principals: [events],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => rule.ruleArn) } },
        }),
      );
    send('RulesKeepEventsThatNeverArrived', this.deadLetterQueue);
    if (this.organizationQueue) {
      send('RulesSendEvents', this.organizationQueue);
    } else {
      rules.forEach((rule) =>
        this.function.addPermission(`${rule.node.id}MayInvoke`, { principal: events, sourceArn: rule.ruleArn }),
      );
    }
    return rules;
  }
}

function defaultBus(stack: Stack): string {
  return stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
}

function spell(tag?: RequiredTag): string | undefined {
  return tag && `${tag.key}=${tag.value}`;
}

/** The function takes a variable that is missing and one that is empty alike; the console shows what is set. */
function withoutGaps(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Token.isUnresolved(entry[1]) || !!entry[1]),
  );
}
