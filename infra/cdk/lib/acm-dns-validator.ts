import { Duration, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, EventBusPolicy, EventPattern, IEventBus, Rule, RuleTargetConfig, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { Policy, PolicyDocument, PolicyStatement, Role, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { builtBootstrap } from './bootstrap';
import { AUDIT, SUMMARIES, NOTABLE, SENTENCE, SOURCE, SUBSCRIPTIONS, SUMMARY, SWEEP } from './events';
import { Monitoring } from './monitoring';
import { auditPolicy, functionPolicy, overviewPolicy, schedulePolicy, sweepPolicy } from './permissions';
import { AcmDnsValidatorProps, checkProps, RequiredTag, servesOrganization, WEEKLY } from './props';

/**
 * Validates the ACM certificates of an account by writing their DNS validation records in Route 53.
 *
 * Prerequisite: CloudTrail logs write management events in each region with certificates.
 *
 * Two of these constructs may run in one account and region. Their metrics have the dimension FunctionName.
 */
export class AcmDnsValidator extends Construct {
  /** The function. */
  public readonly function: lambda.Function;
  /** The function's role. Roles of other accounts trust it. */
  public readonly functionRole: Role;
  /** The role that EventBridge Scheduler assumes to send checks. */
  public readonly scheduleRole: Role;
  /** The role that EventBridge Scheduler assumes to send sweeps. */
  public readonly sweepRole: Role;
  /** The role that EventBridge Scheduler assumes to send audits, if there are any. */
  public readonly auditRole?: Role;
  /** The name of the schedule group, which holds the function's schedules and nothing else. */
  public readonly scheduleGroupName: string;
  /** Events that were not delivered or not processed. The queue is encrypted, and keeps them for two weeks. */
  public readonly deadLetterQueue: Queue;
  /** The function's log. */
  public readonly logGroup: LogGroup;
  /** The rules whose events start a check. */
  public readonly rules: Rule[];
  /** The alarms. Each needs a human. */
  public readonly alarms: Alarm[];
  /** The queue between the rules and the function, if there is one. */
  public readonly organizationQueue?: Queue;
  /** The rules for certificates that need somebody and for audits that are over, if a topic or an e-mail address is given. */
  public readonly notificationRules: Rule[];
  /** The role of the read-only function behind the dashboard, if there is one. Roles of other accounts may trust it for reading. */
  public readonly overviewRole?: Role;

  /**
   * @param scope The stack, or another construct in it.
   * @param id The name of the construct in its scope. A change of it replaces the resources.
   * @param props The settings.
   */
  public constructor(scope: Construct, id: string, props: AcmDnsValidatorProps = {}) {
    super(scope, id);
    checkProps(props);
    const stack = Stack.of(this);
    const timeout = props.timeout ?? Duration.minutes(2);
    const architecture = props.architecture ?? lambda.Architecture.X86_64;
    const batchWindow = props.organizationQueue?.batchWindow ?? Duration.minutes(1);
    const dryRun = props.dryRun ?? false;
    const publishEvents = props.publishEvents ?? true;
    const dashboard = props.dashboard ?? true;
    const reads = {
      certificateRoleName: props.certificateRoleName,
      organizationId: props.organizationId,
      servesOrganization: servesOrganization(props),
      organizationRoleArn: props.organizationRoleArn,
    };

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
        // ACM waits 72 hours for a validation; one day is added.
        retentionPeriod: Duration.days(4),
        // AWS's advice. With less, two invocations may process a message at the same time:
        // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + batchWindow.toSeconds()),
        deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 5 },
      });
    }

    // A group of its own: deleting the stack deletes the group and every scheduled check in it.
    const group = new CfnScheduleGroup(this, 'ScheduleGroup', {
      name: Names.uniqueResourceName(this, { maxLength: 64, separator: '-' }),
    });
    this.scheduleGroupName = group.ref;
    // Only schedules of this group: not those of other accounts, nor of other groups.
    const scheduler = new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnEquals: {
          'aws:SourceArn': stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: group.ref }),
        },
      },
    });
    this.scheduleRole = new Role(this, 'ScheduleRole', {
      description: 'EventBridge Scheduler sends the checks of acm-dns-validator as this role',
      assumedBy: scheduler,
    });
    this.functionRole = new Role(this, 'FunctionRole', {
      description: 'The function acm-dns-validator runs as this role; roles of other accounts trust it',
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
          ...reads,
          allowedDomains: props.allowedDomains ?? [],
        }),
      },
    });

    const program = {
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      code: props.code ?? lambda.Code.fromAsset(builtBootstrap(architecture)),
      architecture,
      memorySize: props.memorySize ?? 128,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: props.logLevel ?? lambda.ApplicationLogLevel.INFO,
      // Lambda's report of each invocation is logged at INFO.
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
    };
    const settings = {
      SCHEDULE_GROUP: group.ref,
      SCHEDULE_ROLE_ARN: this.scheduleRole.roleArn,
      HOSTED_ZONE_ROLE_ARNS: props.hostedZoneRoleArns?.join(','),
      CERTIFICATE_ROLE_NAME: props.certificateRoleName,
      ACCOUNTS: props.accounts?.join(','),
      ORGANIZATION_ROLE_ARN: props.organizationRoleArn,
      HOSTED_ZONE_TAG: tagSetting(props.hostedZoneTag),
      HOSTED_ZONE_ACCOUNTS_TAG: props.hostedZoneAccountsTag,
      CERTIFICATE_TAG: tagSetting(props.certificateTag),
      ALLOWED_DOMAINS: props.allowedDomains?.join(','),
      REGIONS: props.regions?.join(','),
      RECORD_TTL: props.recordTtl?.toSeconds().toString(),
      DNS_RESOLVERS: props.dnsResolvers?.join(','),
    };
    this.function = new lambda.Function(this, 'Function', {
      ...program,
      description: 'Validates ACM certificates by writing their DNS validation records in Route 53',
      timeout,
      reservedConcurrentExecutions: props.reservedConcurrency,
      role: this.functionRole,
      logGroup: this.logGroup,
      environment: withoutEmpty({
        ...settings,
        SCHEDULE_DEAD_LETTER_QUEUE_ARN: this.deadLetterQueue.queueArn,
        // Checks of certificates that came by this queue return to it.
        QUEUE_ARN: this.organizationQueue?.queueArn,
        EVENT_BUS: publishEvents ? props.eventBus?.eventBusArn : 'none',
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
    // A policy of its own: the function refers to the role, so the role cannot refer to the function.
    new Policy(this, 'SchedulePolicy', {
      roles: [this.scheduleRole],
      statements: schedulePolicy(this.function.functionArn, this.deadLetterQueue.queueArn, this.organizationQueue?.queueArn),
    });

    const deadLetters = {
      deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
      retryPolicy: { maximumEventAgeInSeconds: Duration.days(1).toSeconds(), maximumRetryAttempts: 185 },
    };
    this.rules = this.createRules(deadLetters);
    const topic = props.notificationEmail ? this.mailTopic(props.notificationEmail) : props.notificationTopic;
    this.notificationRules = topic ? this.createNotificationRules(topic, deadLetters, props.eventBus) : [];
    this.allowRules();
    if (this.organizationQueue) {
      this.function.addEventSourceMapping('FromOrganizationQueue', {
        eventSourceArn: this.organizationQueue.queueArn,
        batchSize: props.organizationQueue?.batchSize ?? 1000,
        maxBatchingWindow: batchWindow,
        maxConcurrency: props.organizationQueue?.maxConcurrency ?? 2,
        // Only the messages that failed are delivered again, not their whole batch.
        reportBatchItemFailures: true,
      });
    }
    if (props.organizationId) {
      const bus = EventBus.fromEventBusName(this, 'DefaultBus', 'default');
      new EventBusPolicy(this, 'OrganizationMayForward', {
        eventBus: bus,
        statementId: Names.uniqueResourceName(this, { maxLength: 64, separator: '-' }),
        // Only events of ACM and Route 53. Nobody but AWS can send events whose source begins with `aws.`.
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
      description: 'EventBridge Scheduler sends the sweeps of acm-dns-validator as this role',
      assumedBy: scheduler,
      inlinePolicies: {
        sweep: new PolicyDocument({
          statements: sweepPolicy(this.function.functionArn, this.deadLetterQueue.queueArn, this.organizationQueue?.queueArn),
        }),
      },
    });
    const detail = props.sweepAccounts?.length ? { accounts: props.sweepAccounts } : {};
    new CfnSchedule(this, 'Sweep', {
      description: 'Schedules a check for every pending certificate, every hour, because events may be lost',
      groupName: group.ref,
      scheduleExpression: 'rate(1 hour)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: this.checkTarget,
        roleArn: this.sweepRole.roleArn,
        deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
        // After an hour the next sweep does the same work.
        retryPolicy: { maximumEventAgeInSeconds: Duration.hours(1).toSeconds(), maximumRetryAttempts: 10 },
        input: stack.toJsonString({ source: SOURCE, 'detail-type': SWEEP, resources: [], detail }),
      },
    });

    const auditSchedule = props.auditSchedule ?? WEEKLY;
    if (auditSchedule !== '') {
      this.auditRole = new Role(this, 'AuditRole', {
        description: 'EventBridge Scheduler sends the audits of acm-dns-validator as this role',
        assumedBy: scheduler,
        inlinePolicies: {
          audit: new PolicyDocument({ statements: auditPolicy(this.function.functionArn, this.deadLetterQueue.queueArn) }),
        },
      });
      new CfnSchedule(this, 'Audit', {
        description: 'Audits every certificate and every validation record within reach',
        groupName: group.ref,
        scheduleExpression: auditSchedule,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          // Not the queue: an audit takes the time of a whole invocation, which checks of a batch would share.
          arn: this.function.functionArn,
          roleArn: this.auditRole.roleArn,
          deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
          retryPolicy: { maximumEventAgeInSeconds: Duration.days(1).toSeconds(), maximumRetryAttempts: 185 },
          input: stack.toJsonString({ source: SOURCE, 'detail-type': AUDIT, resources: [], detail: {} }),
        },
      });
    }

    let overview: lambda.Function | undefined;
    if (dashboard) {
      // Beside each role that writes, infra/dns-account.yaml creates one that only reads.
      const hostedZoneReadRoleArns = (props.hostedZoneRoleArns ?? []).map((arn) => `${arn}-read`);
      const logGroup = new LogGroup(this, 'OverviewLog', {
        retention: props.logRetention ?? RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      this.overviewRole = new Role(this, 'OverviewRole', {
        description: 'The dashboard of acm-dns-validator reads certificates, zones and schedules as this role',
        assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
        inlinePolicies: {
          read: overviewPolicy(this, { logGroupArn: logGroup.logGroupArn, scheduleGroupName: group.ref, hostedZoneReadRoleArns, ...reads }),
        },
      });
      // CloudWatch invokes it as the person who looks at the dashboard; nothing else does.
      overview = new lambda.Function(this, 'Overview', {
        ...program,
        description: 'Lists certificates for the dashboard of acm-dns-validator, and changes nothing',
        timeout: Duration.minutes(1),
        role: this.overviewRole,
        logGroup,
        // It schedules nothing: it reads which checks are scheduled.
        environment: withoutEmpty({
          ...settings,
          HOSTED_ZONE_ROLE_ARNS: hostedZoneReadRoleArns.join(','),
          EVENT_BUS: 'none',
          DRY_RUN: 'true',
        }),
      });
    }
    this.alarms = new Monitoring(this, 'Watch', {
      function: this.function,
      logGroup: this.logGroup,
      deadLetterQueue: this.deadLetterQueue,
      organizationQueue: this.organizationQueue,
      topic: props.alarmTopic,
      overview,
    }).alarms;
  }

  /**
   * The target of events, checks and sweeps: the queue if there is one, else the function. A check returns
   * the way its event or sweep came, so anything that bypasses the queue once bypasses it until its
   * certificate is done.
   */
  private get checkTarget(): string {
    return this.organizationQueue?.queueArn ?? this.function.functionArn;
  }

  /**
   * The rules on the default bus. AWS's own events arrive there, and the events that other regions and
   * accounts forward.
   */
  private createRules(deadLetters: Omit<RuleTargetConfig, 'arn'>): Rule[] {
    return SUBSCRIPTIONS.map(
      ({ id, description, pattern }) =>
        new Rule(this, id, { description, eventPattern: pattern, targets: [{ bind: () => ({ arn: this.checkTarget, ...deadLetters }) }] }),
    );
  }

  /** Lets the rules send to the queues, or invoke the function. */
  private allowRules(): void {
    const events = new ServicePrincipal('events.amazonaws.com');
    const send = (sid: string, queue: Queue, rules: Rule[]) =>
      queue.addToResourcePolicy(
        new PolicyStatement({
          sid,
          principals: [events],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => rule.ruleArn) } },
        }),
      );
    send('RulesOfThisStackKeepUndeliveredEvents', this.deadLetterQueue, [...this.rules, ...this.notificationRules]);
    if (this.organizationQueue) {
      send('RulesOfThisStackSendEvents', this.organizationQueue, this.rules);
    } else {
      this.rules.forEach((rule) =>
        this.function.addPermission(`${rule.node.id}MayInvoke`, { principal: events, sourceArn: rule.ruleArn }),
      );
    }
  }

  /**
   * A topic that mails. It is not encrypted with a KMS key: EventBridge cannot use the key that AWS manages, one of your own costs a
   * dollar a month, and the messages leave as e-mail. They hold names and reasons, and no secrets.
   */
  private mailTopic(address: string): Topic {
    const topic = new Topic(this, 'Notifications', { displayName: 'acm-dns-validator', enforceSSL: true });
    topic.addSubscription(new EmailSubscription(address));
    return topic;
  }

  /** The events of the function that are for a human, as a sentence or a text. */
  private createNotificationRules(topic: ITopic, deadLetters: Omit<RuleTargetConfig, 'arn'>, eventBus?: IEventBus): Rule[] {
    // Without a condition on the rule: EventBridge sends none that a topic's policy could test. A topic that is not of this app is
    // left as it is. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'EventBridgePublishesNotifications',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
      }),
    );
    const rule = (id: string, description: string, eventPattern: EventPattern, input: RuleTargetInput) =>
      new Rule(this, id, {
        description,
        eventBus,
        eventPattern,
        targets: [{ bind: () => ({ arn: topic.topicArn, input, ...deadLetters }) }],
      });
    return [
      rule('CertificateNeedsSomebody', 'A certificate needs somebody', NOTABLE, SENTENCE),
      // Also if it found nothing: the mail shows that there was an audit.
      rule('AuditIsOver', 'An audit is over', SUMMARIES, SUMMARY),
    ];
  }
}

function defaultBus(stack: Stack): string {
  return stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
}

function tagSetting(tag?: RequiredTag): string | undefined {
  return tag && `${tag.key}=${tag.value}`;
}

/** Leaves out empty variables. The function treats them as not set; without them the console shows only what is set. */
function withoutEmpty(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Token.isUnresolved(entry[1]) || !!entry[1]),
  );
}
