import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterEach, expect, test } from 'vitest';
import { readContext } from '../bin/context';
import { AcmDnsValidator } from '../lib';
import { BOOTSTRAP } from './stacks';

const made: string[] = [];
afterEach(() => made.splice(0).forEach((directory) => rmSync(directory, { recursive: true })));

/** The template that the app creates from these context values. */
function templateOf(context: Record<string, string>): Template {
  const app = new App({ context: { 'validator:code': BOOTSTRAP, ...context } });
  const { stackName, props } = readContext(app);
  const stack = new Stack(app, stackName);
  new AcmDnsValidator(stack, 'Validator', props(stack));
  return Template.fromStack(stack);
}

test('`cdk synth` makes a template', () => {
  const out = mkdtempSync(join(tmpdir(), 'synth-'));
  made.push(out);
  const root = join(__dirname, '..');
  const context = ['-c', `validator:code=${BOOTSTRAP}`, '-c', 'validator:hostedZoneTag=validate=yes'];
  execFileSync(join(root, 'node_modules/.bin/cdk'), ['synth', '--quiet', '--output', out, ...context], {
    cwd: root,
    stdio: 'pipe',
  });
  const template = JSON.parse(readFileSync(join(out, 'acm-dns-validator.template.json'), 'utf8'));
  const types = Object.values(template.Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
  expect(types).toContain('AWS::Lambda::Function');
  expect(Object.keys(template.Outputs).sort()).toEqual([
    'DeadLetterQueueUrl', 'EventBusArn', 'FunctionArn', 'FunctionRoleArn', 'LogGroupName', 'OverviewRoleArn', 'ScheduleGroupName',
  ]);
});

test('every setting can be given', () => {
  const template = templateOf({
    'validator:stackName': 'dns',
    'validator:architecture': 'arm64',
    'validator:memorySize': '256',
    'validator:timeout': '60',
    'validator:reservedConcurrency': '5',
    'validator:logLevel': 'WARN',
    'validator:logRetention': '7',
    'validator:auditSchedule': 'rate(1 day)',
    'validator:dashboard': 'false',
    'validator:alarmTopicArn': 'arn:aws:sns:eu-west-1:111122223333:alarms',
    'validator:notificationTopicArn': 'arn:aws:sns:eu-west-1:111122223333:chat',
    'validator:eventBus': 'ours',
    'validator:hostedZoneRoleArns': 'arn:aws:iam::444455556666:role/a, arn:aws:iam::444455556666:role/b',
    'validator:hostedZoneIds': 'Z1,Z2',
    'validator:hostedZoneTag': 'validate=yes=no',
    'validator:hostedZoneAccountsTag': 'certificate-accounts',
    'validator:certificateRoleName': 'certificates',
    'validator:certificateTag': 'dns=',
    'validator:allowedDomains': 'example.com',
    'validator:regions': 'eu-west-1,us-east-1',
    'validator:accounts': 'organization',
    'validator:organizationRoleArn': 'arn:aws:iam::100000000000:role/accounts',
    'validator:sweepAccounts': '777788889999',
    'validator:recordTtl': '60',
    'validator:dnsResolvers': '192.0.2.1,[2001:db8::1]:5353',
    'validator:dryRun': 'true',
    'validator:organizationId': 'o-a1b2c3d4e5',
    'validator:organizationQueueBatchSize': '5',
    'validator:organizationQueueBatchWindow': '0',
    'validator:organizationQueueMaxConcurrency': '3',
  });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Architectures: ['arm64'],
    MemorySize: 256,
    Timeout: 60,
    ReservedConcurrentExecutions: 5,
    LoggingConfig: { ApplicationLogLevel: 'WARN' },
    Environment: {
      Variables: {
        HOSTED_ZONE_ROLE_ARNS: 'arn:aws:iam::444455556666:role/a,arn:aws:iam::444455556666:role/b',
        HOSTED_ZONE_TAG: 'validate=yes=no',
        HOSTED_ZONE_ACCOUNTS_TAG: 'certificate-accounts',
        CERTIFICATE_TAG: 'dns=',
        CERTIFICATE_ROLE_NAME: 'certificates',
        ACCOUNTS: 'organization',
        ORGANIZATION_ROLE_ARN: 'arn:aws:iam::100000000000:role/accounts',
        ALLOWED_DOMAINS: 'example.com',
        REGIONS: 'eu-west-1,us-east-1',
        RECORD_TTL: '60',
        DNS_RESOLVERS: '192.0.2.1,[2001:db8::1]:5353',
        DRY_RUN: 'true',
      },
    },
  });
  template.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'rate(1 day)' });
  templateOf({ 'validator:auditSchedule': '' }).resourceCountIs('AWS::Scheduler::Schedule', 1);
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 5,
    MaximumBatchingWindowInSeconds: 0,
    ScalingConfig: { MaximumConcurrency: 3 },
  });
  template.resourceCountIs('AWS::Events::EventBusPolicy', 1);
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  template.hasResourceProperties('AWS::Events::Rule', {
    EventBusName: 'ours',
    Targets: [{ Arn: 'arn:aws:sns:eu-west-1:111122223333:chat' }],
  });
  templateOf({ 'validator:notificationEmail': 'dns@example.com' }).resourceCountIs('AWS::SNS::Topic', 1);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:alarms'],
  });
});

test('the queue alone can be set, and the bus to none', () => {
  const template = templateOf({ 'validator:organizationQueue': 'true', 'validator:eventBus': 'none' });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { BatchSize: 1000 });
  template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { EVENT_BUS: 'none' } } });
  templateOf({ 'validator:organizationQueue': 'false' }).resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
});

test.each([
  ['no such setting: validator:hostedZoneID', { 'validator:hostedZoneID': 'Z1' }],
  ['validator:hostedZoneTag is `validate` but must be key=value', { 'validator:hostedZoneTag': 'validate' }],
  ['validator:dryRun is `yes`', { 'validator:dryRun': 'yes' }],
  ['validator:memorySize is `1e3`', { 'validator:memorySize': '1e3' }],
  ['validator:logRetention is `8`', { 'validator:logRetention': '8' }],
  ['validator:logLevel is `LOUD`', { 'validator:logLevel': 'LOUD' }],
  ['validator:architecture is `arm`', { 'validator:architecture': 'arm' }],
  ['validator:organizationQueue is `false`, but', { 'validator:organizationQueue': 'false', 'validator:organizationQueueBatchSize': '5' }],
])('%s', (complaint, context) => {
  expect(() => templateOf(context as Record<string, string>)).toThrow(complaint);
});
