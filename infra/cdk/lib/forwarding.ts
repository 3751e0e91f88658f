import { Aws, Duration, Stack, Token } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule, RuleTargetConfig } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SUBSCRIPTIONS } from './events';

/** The ARN of an event bus. */
const BUS = /^arn:(aws[a-z-]*):events:([a-z0-9-]+):(\d{12}):event-bus\/[\w./-]+$/;

/** What is wrong with the ARN of the function's bus. */
export function checkBus(homeBusArn?: string): string[] {
  const fits = homeBusArn === undefined || Token.isUnresolved(homeBusArn) || BUS.test(homeBusArn);
  return fits ? [] : [`homeBusArn: \`${homeBusArn}\` is not the ARN of an event bus`];
}

/** Throws if there is something wrong. */
export function throwIfWrong(name: string, wrong: string[]): void {
  if (wrong.length > 0) throw new Error(`settings of ${name}: ${wrong.join('; ')}`);
}

/** Where a stack is, seen from the function's bus. */
export interface Place {
  /** Whether the stack's own default bus is the function's: it would forward to itself. */
  readonly isHome: boolean;
  /** Whether it is the function's account. */
  readonly isHomeAccount: boolean;
  /** The region of the function. */
  readonly homeRegion: string;
  /** The region of the stack. */
  readonly region: string;
  /** Whether CloudTrail may record Route 53 here. In other partitions than `aws` another region does, and a rule that never matches costs nothing. */
  readonly hearsOfRoute53: boolean;
}

/**
 * Where the stack is. The templates decide it by conditions, at deployment; this decides it at synthesis, so the stack must say its account
 * and region, and the ARN of the bus must be known.
 */
export function placeOf(scope: Construct, homeBusArn: string): Place {
  const { account, region } = Stack.of(scope);
  const [, partition, homeRegion, homeAccount] = BUS.exec(homeBusArn) ?? [];
  if (Token.isUnresolved(account) || Token.isUnresolved(region) || !partition || !homeRegion) {
    throw new Error(
      `${scope.node.path} needs a stack with \`env: { account, region }\` and the literal ARN of the function's bus, because it must not ` +
        'forward a bus to itself; a stack set takes the template in infra/ instead',
    );
  }
  return {
    isHome: homeBusArn === `arn:${partition}:events:${region}:${account}:event-bus/default`,
    isHomeAccount: account === homeAccount,
    homeRegion,
    region,
    hearsOfRoute53: region === 'us-east-1' || partition !== 'aws',
  };
}

/** The role as which EventBridge forwards. For any rule of this account and region: the rules refer to the role, so it cannot refer to them. */
export function forwardRole(scope: Construct, homeBusArn: string): Role {
  const stack = Stack.of(scope);
  return new Role(scope, 'ForwardRole', {
    description: 'EventBridge forwards events to acm-dns-validator as this role',
    assumedBy: new ServicePrincipal('events.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'events', resource: 'rule', resourceName: '*' }) },
      },
    }),
    inlinePolicies: {
      forward: new PolicyDocument({
        statements: [new PolicyStatement({ sid: 'ForwardToTheHomeBusOnly', actions: ['events:PutEvents'], resources: [homeBusArn] })],
      }),
    },
  });
}

/** A rule that forwards the events of a subscription. */
export function forwardRule(scope: Construct, id: string, target: RuleTargetConfig): Rule {
  const { description, pattern } = SUBSCRIPTIONS.find((each) => each.id === id)!;
  return new Rule(scope, id, { description, eventPattern: pattern, targets: [{ bind: () => target }] });
}

/** What {@link Forwarding} needs. */
export interface ForwardingProps {
  readonly homeBusArn: string;
  /** The events to forward, by the ids of their rules. None makes no role and no alarm either. */
  readonly events: string[];
  /** What the hourly sweep needs to find certificates whose events are lost, as the end of a sentence. */
  readonly sweepNeeds: string;
  readonly alarmTopic?: ITopic;
}

/**
 * Forwards events to the function's bus, and keeps those that it could not forward for a day. The queue is there in any case, as in the
 * templates: a stack needs a resource.
 */
export class Forwarding {
  public readonly deadLetterQueue: Queue;
  public readonly rules: Rule[];
  public readonly alarm?: Alarm;

  public constructor(scope: Construct, props: ForwardingProps) {
    this.deadLetterQueue = new Queue(scope, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.rules = [];
    if (props.events.length === 0) return;
    const role = forwardRole(scope, props.homeBusArn);
    this.rules = props.events.map((id) =>
      forwardRule(scope, id, {
        arn: props.homeBusArn,
        role,
        deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
        retryPolicy: { maximumEventAgeInSeconds: Duration.days(1).toSeconds(), maximumRetryAttempts: 185 },
      }),
    );
    this.deadLetterQueue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'RulesOfThisStackKeepUndeliveredEvents',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.deadLetterQueue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': this.rules.map((rule) => rule.ruleArn) } },
      }),
    );
    this.alarm = new Alarm(scope, 'DeadLettersAlarm', {
      alarmDescription:
        `acm-dns-validator, stack ${Aws.STACK_NAME}: Events could not be forwarded to the function; they are in the dead-letter queue of ` +
        `this stack. Their certificates get no check before the next hourly sweep, which needs ${props.sweepNeeds}. ` +
        `First run: \`infra/dead-letters --stack ${Aws.STACK_NAME} explain\`. More: docs/operating.md#dead-letters`,
      metric: this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: Stats.MAXIMUM }),
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (props.alarmTopic) {
      const action = new SnsAction(props.alarmTopic);
      this.alarm.addAlarmAction(action);
      this.alarm.addOkAction(action);
    }
  }
}
