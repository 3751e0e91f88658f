import { App, Duration, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { ApplicationLogLevel, Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AcmDnsValidatorProps, RequiredTag } from '../lib';

/** The settings that the context gives. */
export interface ContextSettings {
  readonly stackName: string;
  readonly props: (stack: Stack) => AcmDnsValidatorProps;
}

const PREFIX = 'validator:';

/**
 * Reads the settings from context values `validator:…`, named like the construct's properties:
 * `cdk deploy -c validator:hostedZoneTag=validate=yes`. Lists are separated by commas. An unknown name
 * throws: otherwise a misspelt limit would be no limit.
 */
export function readContext(app: App): ContextSettings {
  const given = new Map<string, string>(
    Object.entries(app.node.getAllContext() as Record<string, unknown>)
      .filter(([key]) => key.startsWith(PREFIX))
      .map(([key, value]) => [key.slice(PREFIX.length), typeof value === 'string' ? value.trim() : JSON.stringify(value)]),
  );
  const read = new Set<string>();
  const text = (name: string) => {
    read.add(name);
    return given.get(name) || undefined;
  };
  const parse = <T>(name: string, shape: string, parser: (value: string) => T | undefined): T | undefined => {
    const value = text(name);
    const parsed = value === undefined ? undefined : parser(value);
    if (value !== undefined && parsed === undefined) {
      throw new Error(`${PREFIX}${name} is \`${value}\` but must be ${shape}`);
    }
    return parsed;
  };
  const list = (name: string) =>
    text(name)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const number = (name: string) =>
    parse(name, 'a whole number', (value) => (/^\d+$/.test(value) ? Number(value) : undefined));
  const seconds = (name: string) => {
    const value = number(name);
    return value === undefined ? undefined : Duration.seconds(value);
  };
  const flag = (name: string) =>
    parse(name, '`true` or `false`', (value) => new Map([['true', true], ['false', false]]).get(value));
  const tag = (name: string) => parse(name, 'key=value', tagFrom);

  const stackName = text('stackName') ?? 'acm-dns-validator';
  const code = text('code');
  const eventBus = text('eventBus');
  const alarmTopicArn = text('alarmTopicArn');
  const notificationTopicArn = text('notificationTopicArn');
  const queue = {
    batchSize: number('organizationQueueBatchSize'),
    batchWindow: seconds('organizationQueueBatchWindow'),
    maxConcurrency: number('organizationQueueMaxConcurrency'),
  };
  const shaped = Object.values(queue).some((value) => value !== undefined);
  const queued = flag('organizationQueue') ?? shaped;
  if (shaped && !queued) {
    throw new Error(`${PREFIX}organizationQueue is \`false\`, but the queue's other settings are given`);
  }
  const plain: AcmDnsValidatorProps = {
    code: code === undefined ? undefined : Code.fromAsset(code),
    architecture: parse('architecture', '`arm64` or `x86_64`', (value) =>
      [Architecture.ARM_64, Architecture.X86_64].find((architecture) => architecture.name === value),
    ),
    memorySize: number('memorySize'),
    timeout: seconds('timeout'),
    reservedConcurrency: number('reservedConcurrency'),
    logRetention: parse('logRetention', 'a number of days that CloudWatch Logs accepts', (value) =>
      RetentionDays[Number(value)] === undefined ? undefined : (Number(value) as RetentionDays),
    ),
    logLevel: parse('logLevel', 'TRACE, DEBUG, INFO, WARN or ERROR', (value) =>
      Object.values(ApplicationLogLevel).find((level) => level === value),
    ),
    // Empty is a setting of its own: it turns the audit off.
    auditSchedule: text('auditSchedule') ?? given.get('auditSchedule'),
    dashboard: flag('dashboard'),
    notificationEmail: text('notificationEmail'),
    publishEvents: eventBus !== 'none',
    hostedZoneRoleArns: list('hostedZoneRoleArns'),
    hostedZoneIds: list('hostedZoneIds'),
    hostedZoneTag: tag('hostedZoneTag'),
    hostedZoneAccountsTag: text('hostedZoneAccountsTag'),
    certificateRoleName: text('certificateRoleName'),
    certificateTag: tag('certificateTag'),
    allowedDomains: list('allowedDomains'),
    regions: list('regions'),
    accounts: list('accounts'),
    organizationRoleArn: text('organizationRoleArn'),
    sweepAccounts: list('sweepAccounts'),
    recordTtl: seconds('recordTtl'),
    dnsResolvers: list('dnsResolvers'),
    dryRun: flag('dryRun'),
    organizationId: text('organizationId'),
    organizationQueue: queued ? queue : undefined,
  };

  const unknown = [...given.keys()].filter((name) => !read.has(name));
  if (unknown.length > 0) {
    const names = [...read].sort().join(', ');
    throw new Error(`no such setting: ${unknown.map((name) => PREFIX + name).join(', ')}; there are ${names}`);
  }
  return {
    stackName,
    props: (stack) => ({
      ...plain,
      eventBus: eventBus && eventBus !== 'none' && busFrom(stack, eventBus),
      notificationTopic: notificationTopicArn && Topic.fromTopicArn(stack, 'NotificationTopic', notificationTopicArn),
      alarmTopic: alarmTopicArn && Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopicArn),
    } as AcmDnsValidatorProps),
  };
}

function busFrom(stack: Stack, bus: string) {
  return bus.startsWith('arn:')
    ? EventBus.fromEventBusArn(stack, 'EventBus', bus)
    : EventBus.fromEventBusName(stack, 'EventBus', bus);
}

function tagFrom(text: string): RequiredTag | undefined {
  const at = text.indexOf('=');
  return at > 0 ? { key: text.slice(0, at), value: text.slice(at + 1) } : undefined;
}
