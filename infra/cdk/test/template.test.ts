import { App, Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Architecture, ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { AcmDnsValidatorProps } from '../lib';
import { everything, stackWith, templateOf } from './stacks';

const plain = templateOf();
const queued = templateOf({ organizationQueue: {} });
const full = Template.fromStack(stackWith(everything));

type Json = Record<string, any>;

/** The only resource of a type whose logical id contains a word. */
function find(template: Template, type: string, word = ''): { id: string; resource: Json } {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.includes(word));
  expect(found.map(([id]) => id), `${type} with ${word}`).toHaveLength(1);
  const [[id, resource]] = found as [[string, Json]];
  return { id, resource };
}

function statements(template: Template, type: string, word: string): Json[] {
  const { Properties } = find(template, type, word).resource;
  const document = Properties.PolicyDocument ?? Properties.Policies[0].PolicyDocument;
  return document.Statement;
}

const functionMay = (template: Template) => statements(template, 'AWS::IAM::Role', 'FunctionRole');

function statement(template: Template, sid: string): Json | undefined {
  return functionMay(template).find((each) => each.Sid === sid);
}

describe('the function', () => {
  test('runs the binary on provided.al2023, with little memory and a time limit', () => {
    plain.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'provided.al2023',
      Handler: 'bootstrap',
      Architectures: ['x86_64'],
      MemorySize: 128,
      Timeout: 120,
      ReservedConcurrentExecutions: Match.absent(),
    });
  });

  test('has the architecture, memory, time limit, concurrency and log settings that are given', () => {
    const props: AcmDnsValidatorProps = {
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.minutes(1),
      reservedConcurrency: 5,
      logLevel: ApplicationLogLevel.DEBUG,
      logRetention: RetentionDays.ONE_YEAR,
    };
    const template = templateOf(props);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: 60,
      ReservedConcurrentExecutions: 5,
      LoggingConfig: { ApplicationLogLevel: 'DEBUG' },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  });

  test('logs JSON, into a log group with a retention', () => {
    const { id } = find(plain, 'AWS::Logs::LogGroup', 'ValidatorLog');
    plain.hasResourceProperties('AWS::Lambda::Function', {
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: id }, ApplicationLogLevel: 'INFO' },
    });
    plain.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('gets its schedule group and role as variables, and no empty variables', () => {
    const { Variables } = find(plain, 'AWS::Lambda::Function', 'ValidatorFunction').resource.Properties.Environment;
    expect(Object.keys(Variables).sort()).toEqual(['SCHEDULE_DEAD_LETTER_QUEUE_ARN', 'SCHEDULE_GROUP', 'SCHEDULE_ROLE_ARN']);
    expect(Variables.SCHEDULE_GROUP).toEqual({ Ref: find(plain, 'AWS::Scheduler::ScheduleGroup').id });
    expect(Variables.SCHEDULE_ROLE_ARN).toEqual({
      'Fn::GetAtt': [find(plain, 'AWS::IAM::Role', 'ScheduleRole').id, 'Arn'],
    });
  });

  test('gets the ARN of its queue as a variable if there is one', () => {
    const { Variables } = find(queued, 'AWS::Lambda::Function', 'ValidatorFunction').resource.Properties.Environment;
    expect(Variables.QUEUE_ARN).toEqual({ 'Fn::GetAtt': [find(queued, 'AWS::SQS::Queue', 'OrganizationQueue').id, 'Arn'] });
  });

  test('gets every setting in the form that it reads', () => {
    const template = Template.fromStack(stackWith((stack) => ({ ...everything(stack), recordTtl: Duration.minutes(1) })));
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          EVENT_BUS: 'arn:aws:events:eu-west-1:111122223333:event-bus/ours',
          HOSTED_ZONE_ROLE_ARNS: 'arn:aws:iam::444455556666:role/dns,arn:aws:iam::444455556666:role/path/dns',
          CERTIFICATE_ROLE_NAME: 'team/certificates',
          HOSTED_ZONE_TAG: 'validate=yes',
          HOSTED_ZONE_ACCOUNTS_TAG: 'certificate-accounts',
          CERTIFICATE_TAG: 'dns=',
          ALLOWED_DOMAINS: 'example.com,example.net',
          REGIONS: 'eu-west-1,us-east-1',
          RECORD_TTL: '60',
          DNS_RESOLVERS: '192.0.2.1,[2001:db8::1]:5353',
          DRY_RUN: 'true',
        },
      },
    });
  });

  test('publishes nothing if publishEvents is false', () => {
    const template = templateOf({ publishEvents: false });
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { EVENT_BUS: 'none' } } });
    expect(statement(template, 'PublishItsOwnEventsOnly')).toBeUndefined();
  });

  test('is retried twice, and then the event goes to the dead-letter queue', () => {
    plain.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: find(plain, 'AWS::Lambda::Function', 'ValidatorFunction').id },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21600,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [find(plain, 'AWS::SQS::Queue').id, 'Arn'] } } },
    });
  });

  test('and the overview are the only functions: the CDK adds none of its own', () => {
    templateOf({ dashboard: false }).resourceCountIs('AWS::Lambda::Function', 1);
    for (const template of [plain, queued, full]) {
      template.resourceCountIs('AWS::Lambda::Function', 2);
      template.resourceCountIs('AWS::CloudFormation::CustomResource', 0);
      const custom = Object.values(template.toJSON().Resources as Json).filter((each) => each.Type.startsWith('Custom::'));
      expect(custom).toEqual([]);
    }
  });
});

describe('the permissions of the function', () => {
  test('have a Sid for every statement, and no wildcard in an action', () => {
    for (const template of [plain, queued, full]) {
      const all = [
        ...functionMay(template),
        ...statements(template, 'AWS::IAM::Policy', 'SchedulePolicy'),
        ...statements(template, 'AWS::IAM::Role', 'SweepRole'),
      ];
      for (const each of all) {
        expect(each.Sid).toMatch(/^[A-Z][A-Za-z]{9,}$/);
        expect([each.Action].flat().join()).not.toContain('*');
        expect(each.NotAction ?? each.NotResource).toBeUndefined();
      }
    }
  });

  test('are for every resource only if IAM knows no resource for the call', () => {
    const everywhere = functionMay(full).filter((each) => [each.Resource].flat().includes('*'));
    expect(everywhere.flatMap((each) => each.Action).sort()).toEqual([
      'acm:ListCertificates',
      'acm:SearchCertificates',
      'route53:ListHostedZonesByName',
    ]);
  });

  test("are to upsert CNAMEs whose name starts with ACM's label, and no other change", () => {
    expect(statement(plain, 'UpsertValidationRecordsOnly')).toMatchObject({
      Action: 'route53:ChangeResourceRecordSets',
      Condition: {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsActions': 'UPSERT',
          'route53:ChangeResourceRecordSetsRecordTypes': 'CNAME',
        },
        'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': '_????????????????????????????????.*' },
        Null: {
          'route53:ChangeResourceRecordSetsActions': 'false',
          'route53:ChangeResourceRecordSetsRecordTypes': 'false',
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false',
        },
      },
    });
  });

  test('are to write only in hostedZoneIds, if given', () => {
    const zone = (id: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:route53:::hostedzone/${id}`]] });
    const template = templateOf({ hostedZoneIds: ['Z1', 'Z2'] });
    expect(statement(template, 'UpsertValidationRecordsOnly')?.Resource).toEqual([zone('Z1'), zone('Z2')]);
    expect(statement(template, 'ReadHostedZonesAndTheirRecords')?.Resource).toEqual(zone('*'));
    expect(statement(plain, 'UpsertValidationRecordsOnly')?.Resource).toEqual(zone('*'));
  });

  test('are to write only below allowedDomains, if given', () => {
    const template = templateOf({ allowedDomains: ['Example.com.', 'example.net'] });
    const denied = statement(template, 'DenyNamesOutsideTheAllowedDomains');
    expect(denied).toMatchObject({
      Effect: 'Deny',
      Action: 'route53:ChangeResourceRecordSets',
      Condition: {
        'ForAnyValue:StringNotLike': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*.example.com', '*.example.net'],
        },
      },
    });
    expect(statement(plain, 'DenyNamesOutsideTheAllowedDomains')).toBeUndefined();
  });

  test('deny names with a shorter label, although a question mark also matches a dot', () => {
    const denied = statement(plain, 'DenyNamesWithoutTheLabelOfAcm');
    expect(denied).toMatchObject({ Effect: 'Deny', Action: 'route53:ChangeResourceRecordSets' });
    const patterns: string[] =
      denied?.Condition['ForAnyValue:StringLike']['route53:ChangeResourceRecordSetsNormalizedRecordNames'];
    expect(patterns.slice(-3)).toEqual(['*._*', '_gh-*', '_github-*']);
    const matches = (name: string) =>
      patterns.some((each) => new RegExp(`^${each.replace(/\./g, '\\.').replace(/\?/g, '.').replace(/\*/g, '.*')}$`).test(name));
    for (let length = 0; length < 31; length += 1) expect(matches(`_${'a'.repeat(length)}.example.com`), `${length}`).toBe(true);
    expect(matches(`_${'a'.repeat(32)}.www.example.com`)).toBe(false);
  });

  test('fit into a role with a hundred domains', () => {
    const allowedDomains = Array.from({ length: 100 }, (_, index) => `department-${index}.example.com`);
    const policy = JSON.stringify(functionMay(templateOf({ organizationQueue: {}, certificateRoleName: 'certificates', allowedDomains })));
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    expect(policy.length).toBeLessThan(10_240);
  });

  test('are neither to write nor to schedule in a dry run', () => {
    const actions = functionMay(full).flatMap((each) => each.Action);
    expect(actions).not.toContain('route53:ChangeResourceRecordSets');
    expect(actions.filter((action) => action.startsWith('scheduler:'))).toEqual(['scheduler:GetSchedule']);
    expect(actions).not.toContain('iam:PassRole');
  });

  test('are to read, create and delete checks of its own group, and no other schedule', () => {
    const group = find(plain, 'AWS::Scheduler::ScheduleGroup').id;
    const may = functionMay(plain).filter((each) => [each.Action].flat().some((action) => action.startsWith('scheduler:')));
    expect(may.map((each) => each.Action)).toEqual(['scheduler:GetSchedule', 'scheduler:CreateSchedule', 'scheduler:DeleteSchedule']);
    const names = may.map(({ Resource }) => Resource['Fn::Join'][1].slice(-3));
    const check = '/????????-????-????-????-????????????-*';
    expect(names).toEqual(['/*', '/*', check].map((name) => [':schedule/', { Ref: group }, name]));
  });

  test('are to pass one role to one service', () => {
    expect(functionMay(plain).filter((each) => [each.Action].flat().includes('iam:PassRole'))).toEqual([
      {
        Sid: 'PassTheScheduleRoleToSchedulerOnly',
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: { 'Fn::GetAtt': [find(plain, 'AWS::IAM::Role', 'ScheduleRole').id, 'Arn'] },
        Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      },
    ]);
  });

  test('are to assume the roles that are given', () => {
    expect(statement(full, 'AssumeRolesForHostedZonesOfOtherAccounts')?.Resource).toEqual([
      'arn:aws:iam::444455556666:role/dns',
      'arn:aws:iam::444455556666:role/path/dns',
    ]);
    expect(statement(full, 'AssumeRolesForCertificatesOfOtherAccounts')?.Resource).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::*:role/team/certificates']],
    });
    expect(functionMay(plain).flatMap((each) => each.Action)).not.toContain('sts:AssumeRole');
  });

  test('are to assume certificate roles of the organization only, if it is given', () => {
    const condition = (template: Template) => statement(template, 'AssumeRolesForCertificatesOfOtherAccounts')?.Condition;
    expect(condition(full)).toEqual({ StringEquals: { 'aws:ResourceOrgID': 'o-a1b2c3d4e5' } });
    expect(condition(templateOf({ certificateRoleName: 'certificates' }))).toBeUndefined();
    expect(statement(full, 'AssumeRolesForHostedZonesOfOtherAccounts')?.Condition).toBeUndefined();
  });

  test('list the accounts of the organization only where they are served, as the function or by the role that is given', () => {
    const sids = (props: AcmDnsValidatorProps, role: string) =>
      statements(templateOf(props), 'AWS::IAM::Role', role).map((each) => each.Sid).filter((sid) => /OfTheOrganization$/.test(sid));
    const organization = { accounts: ['organization'], certificateRoleName: 'certificates', organizationId: 'o-a1b2c3d4e5' };
    const organizationRoleArn = 'arn:aws:iam::100000000000:role/accounts';
    for (const role of ['FunctionRole', 'OverviewRole']) {
      expect(sids({ ...organization, accounts: ['777788889999'] }, role)).toEqual([]);
      expect(sids(organization, role)).toEqual(['ListTheAccountsOfTheOrganization']);
      expect(sids({ ...organization, organizationRoleArn }, role)).toEqual(['AssumeTheRoleThatListsTheAccountsOfTheOrganization']);
    }
    expect(statement(full, 'AssumeTheRoleThatListsTheAccountsOfTheOrganization')?.Resource).toEqual(organizationRoleArn);
  });

  test('come from its own statements only', () => {
    for (const template of [plain, queued, full]) {
      for (const role of Object.values(template.findResources('AWS::IAM::Role') as Json)) {
        expect(role.Properties.ManagedPolicyArns).toBeUndefined();
      }
      // One policy: that of the schedule role. A grant by mistake would create another.
      template.resourceCountIs('AWS::IAM::Policy', 1);
    }
  });

  test('name no partition', () => {
    expect(JSON.stringify(plain.toJSON())).not.toContain('arn:aws:');
    expect(JSON.stringify(queued.toJSON())).not.toContain('arn:aws:');
  });
});

describe('the overview', () => {
  const overview = (template: Template) => find(template, 'AWS::Lambda::Function', 'ValidatorOverview').resource.Properties;

  test('runs the same program, with the settings of the function but for those for writing', () => {
    const main = find(full, 'AWS::Lambda::Function', 'ValidatorFunction').resource.Properties;
    expect(overview(full).Code).toEqual(main.Code);
    const { SCHEDULE_DEAD_LETTER_QUEUE_ARN: _, QUEUE_ARN: __, ...settings } = main.Environment.Variables;
    const HOSTED_ZONE_ROLE_ARNS = 'arn:aws:iam::444455556666:role/dns-read,arn:aws:iam::444455556666:role/path/dns-read';
    expect(overview(full).Environment.Variables).toEqual({ ...settings, HOSTED_ZONE_ROLE_ARNS, EVENT_BUS: 'none', DRY_RUN: 'true' });
    expect(overview(plain).ReservedConcurrentExecutions).toBeUndefined();
  });

  test('may read, and change nothing', () => {
    const actions = statements(queued, 'AWS::IAM::Role', 'OverviewRole').flatMap((each) => each.Action);
    expect(actions.filter((action) => !/:(Describe|Get|List|Search)/.test(action))).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    const assumed = statements(full, 'AWS::IAM::Role', 'OverviewRole').filter((each) => each.Action === 'sts:AssumeRole');
    expect(assumed.map((each) => each.Sid)).toEqual([
      'AssumeRolesForCertificatesOfOtherAccounts', 'AssumeTheRoleThatListsTheAccountsOfTheOrganization',
      'AssumeRolesForReadingHostedZonesOfOtherAccounts',
    ]);
    expect(assumed[2]?.Resource).toEqual(['arn:aws:iam::444455556666:role/dns-read', 'arn:aws:iam::444455556666:role/path/dns-read']);
  });

  test('has a log with the same retention, and nothing invokes it', () => {
    const template = templateOf({ logRetention: RetentionDays.ONE_YEAR });
    expect(find(template, 'AWS::Logs::LogGroup', 'OverviewLog').resource.Properties.RetentionInDays).toBe(365);
    const invoked = JSON.stringify([plain.findResources('AWS::Events::Rule'), plain.findResources('AWS::Lambda::Permission')]);
    expect(invoked).not.toContain('Overview');
  });
});

describe('the notifications', () => {
  const sentence = {
    InputPathsMap: {
      certificate: '$.detail.certificateArn', name: '$.detail.domainName', reason: '$.detail.reason', state: '$.detail.state',
    },
    InputTemplate: '"<name> is <state>: <reason> (<certificate>)"',
  };
  const rule = (template: Template) => find(template, 'AWS::Events::Rule', 'NeedsSomebody').resource.Properties;

  test('are off by default', () => {
    plain.resourceCountIs('AWS::SNS::Topic', 0);
    expect(Object.keys(plain.findResources('AWS::Events::Rule')).join()).not.toContain('NeedsSomebody');
  });

  test('go to a topic as a sentence, and to the dead-letter queue if they cannot', () => {
    const template = Template.fromStack(
      stackWith((stack) => ({ notificationTopic: Topic.fromTopicArn(stack, 'Chat', 'arn:aws:sns:eu-west-1:111122223333:chat') })),
    );
    template.resourceCountIs('AWS::SNS::Topic', 0);
    expect(rule(template).EventPattern).toEqual({
      source: ['acm-dns-validator'],
      'detail-type': ['Certificate Validation State Change'],
      detail: { state: ['BLOCKED', 'FAILED', 'TIMED_OUT'] },
    });
    expect(rule(template).Targets).toMatchObject([
      {
        Arn: 'arn:aws:sns:eu-west-1:111122223333:chat',
        InputTransformer: sentence,
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [find(template, 'AWS::SQS::Queue').id, 'Arn'] } },
        RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
      },
    ]);
    const [, send] = statements(template, 'AWS::SQS::QueuePolicy', 'DeadLetters');
    expect(send?.Condition.ArnEquals['aws:SourceArn']).toHaveLength(5);
  });

  test('include the text of each audit', () => {
    expect(find(full, 'AWS::Events::Rule', 'AuditIsOver').resource.Properties).toMatchObject({
      EventBusName: 'ours',
      EventPattern: { source: ['acm-dns-validator'], 'detail-type': ['Certificate Audit Summary'] },
      Targets: [
        {
          Arn: { Ref: find(full, 'AWS::SNS::Topic').id },
          InputTransformer: { InputPathsMap: { text: '$.detail.text' }, InputTemplate: '"<text>"' },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [find(full, 'AWS::SQS::Queue', 'DeadLetters').id, 'Arn'] } },
        },
      ],
    });
    expect(Object.keys(plain.findResources('AWS::Events::Rule')).join()).not.toContain('AuditIsOver');
  });

  test('go to an e-mail address by a topic whose policy lets EventBridge publish, from the bus of the events', () => {
    const topic = { Ref: find(full, 'AWS::SNS::Topic').id };
    full.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'dns@example.com', TopicArn: topic });
    expect(rule(full)).toMatchObject({ EventBusName: 'ours', Targets: [{ Arn: topic, InputTransformer: sentence }] });
    const [tls, send, ...others] = statements(full, 'AWS::SNS::TopicPolicy', '');
    expect(tls).toMatchObject({ Effect: 'Deny', Action: 'sns:Publish', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    // EventBridge sends no condition keys to SNS: a condition would refuse everything.
    expect(send).toEqual({
      Sid: 'EventBridgePublishesNotifications',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: topic,
    });
    expect(others).toEqual([]);
  });
});

describe('the roles of Scheduler', () => {
  test.each(['ScheduleRole', 'SweepRole', 'AuditRole'])('%s serves the schedules of the one group only', (word) => {
    const group = find(plain, 'AWS::Scheduler::ScheduleGroup').id;
    const { AssumeRolePolicyDocument } = find(plain, 'AWS::IAM::Role', word).resource.Properties;
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          ArnEquals: {
            'aws:SourceArn': {
              'Fn::Join': [
                '',
                [
                  'arn:', { Ref: 'AWS::Partition' }, ':scheduler:', { Ref: 'AWS::Region' }, ':',
                  { Ref: 'AWS::AccountId' }, ':schedule-group/', { Ref: group },
                ],
              ],
            },
          },
        },
      },
    ]);
  });

  test('may invoke the function, and send to the queue if there is one', () => {
    const actions = (template: Template) =>
      statements(template, 'AWS::IAM::Policy', 'SchedulePolicy').map((each) => each.Action);
    expect(actions(plain)).toEqual(['lambda:InvokeFunction', 'sqs:SendMessage']);
    expect(actions(queued)).toEqual(['lambda:InvokeFunction', 'sqs:SendMessage', 'sqs:SendMessage']);
  });

  test('may send sweeps to the target of events only', () => {
    const arn = (template: Template, type: string, word = '') => ({ 'Fn::GetAtt': [find(template, type, word).id, 'Arn'] });
    const may = (template: Template) =>
      statements(template, 'AWS::IAM::Role', 'SweepRole').map(({ Action, Resource }) => [Action, Resource]);
    const letters = (template: Template) => ['sqs:SendMessage', arn(template, 'AWS::SQS::Queue', 'DeadLetters')];
    expect(may(plain)).toEqual([['lambda:InvokeFunction', arn(plain, 'AWS::Lambda::Function', 'ValidatorFunction')], letters(plain)]);
    expect(may(queued)).toEqual([['sqs:SendMessage', arn(queued, 'AWS::SQS::Queue', 'OrganizationQueue')], letters(queued)]);
  });
});

describe('the events that start a check', () => {
  const patterns = {
    CertificateCalls: {
      source: ['aws.acm'],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['acm.amazonaws.com'],
        eventName: ['RequestCertificate', 'AddTagsToCertificate', 'RemoveTagsFromCertificate', 'UpdateCertificateOptions'],
        errorCode: [{ exists: false }],
      },
    },
    CertificateNews: {
      source: ['aws.acm'],
      'detail-type': ['ACM Certificate Available', 'ACM Certificate Renewal Action Required'],
    },
    HostedZoneCalls: {
      source: ['aws.route53'],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['route53.amazonaws.com'],
        errorCode: [{ exists: false }],
        $or: [
          { eventName: ['CreateHostedZone'] },
          { eventName: ['ChangeTagsForResource'], requestParameters: { resourceType: ['hostedzone'] } },
        ],
      },
    },
  };

  test('are these on the default bus, and no others', () => {
    for (const template of [plain, full]) {
      template.resourceCountIs('AWS::Events::Rule', template === full ? 5 : 3);
      for (const [word, pattern] of Object.entries(patterns)) {
        const { Properties } = find(template, 'AWS::Events::Rule', word).resource;
        expect(Properties.EventPattern).toEqual(pattern);
        expect(Properties.EventBusName).toBeUndefined();
        expect(Properties.State).toBe('ENABLED');
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
        expect(JSON.stringify(pattern).length).toBeLessThan(2048);
      }
    }
  });

  test('go directly to the function or through the queue, and so do sweeps', () => {
    const targets = (template: Template) => [
      ...Object.values(template.findResources('AWS::Events::Rule')).map((rule) => rule.Properties.Targets),
      [find(template, 'AWS::Scheduler::Schedule', 'Sweep').resource.Properties.Target],
    ];
    for (const [template, type, word] of [
      [plain, 'AWS::Lambda::Function', 'ValidatorFunction'],
      [queued, 'AWS::SQS::Queue', 'OrganizationQueue'],
    ] as const) {
      const arn = { 'Fn::GetAtt': [find(template, type, word).id, 'Arn'] };
      const dead = { Arn: { 'Fn::GetAtt': [find(template, 'AWS::SQS::Queue', 'DeadLetters').id, 'Arn'] } };
      expect(targets(template)).toHaveLength(4);
      for (const [target, ...others] of targets(template)) {
        expect(others).toEqual([]);
        expect(target).toMatchObject({ Arn: arn, DeadLetterConfig: dead });
      }
    }
  });

  test('may invoke the function, rule by rule, and nothing else may', () => {
    const permissions = Object.values(plain.findResources('AWS::Lambda::Permission')).map((each) => each.Properties);
    expect(permissions).toHaveLength(3);
    for (const permission of permissions) {
      expect(permission).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com' });
      expect(permission.SourceArn['Fn::GetAtt'][0]).toMatch(/CertificateCalls|CertificateNews|HostedZoneCalls/);
    }
    queued.resourceCountIs('AWS::Lambda::Permission', 0);
  });

  test('include a sweep every hour, in the schedule group, with a role of its own', () => {
    plain.resourceCountIs('AWS::Scheduler::Schedule', 2);
    plain.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 hour)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      GroupName: { Ref: find(plain, 'AWS::Scheduler::ScheduleGroup').id },
      Target: {
        Arn: { 'Fn::GetAtt': [find(plain, 'AWS::Lambda::Function', 'ValidatorFunction').id, 'Arn'] },
        RoleArn: { 'Fn::GetAtt': [find(plain, 'AWS::IAM::Role', 'SweepRole').id, 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [find(plain, 'AWS::SQS::Queue').id, 'Arn'] } },
        RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 },
      },
    });
  });

  test('include a sweep of the accounts that are given', () => {
    const input = (template: Template) =>
      JSON.parse(find(template, 'AWS::Scheduler::Schedule', 'Sweep').resource.Properties.Target.Input);
    const frame = { source: 'acm-dns-validator', 'detail-type': 'Certificate Sweep', resources: [] };
    expect(input(plain)).toEqual({ ...frame, detail: {} });
    expect(input(full)).toEqual({ ...frame, detail: { accounts: ['777788889999'] } });
  });

  test('include a weekly audit, which goes directly to the function also if there is a queue', () => {
    for (const template of [plain, queued]) {
      const { Properties } = find(template, 'AWS::Scheduler::Schedule', 'Audit').resource;
      expect(Properties).toMatchObject({
        ScheduleExpression: 'cron(17 4 ? * MON *)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        GroupName: { Ref: find(template, 'AWS::Scheduler::ScheduleGroup').id },
        Target: {
          Arn: { 'Fn::GetAtt': [find(template, 'AWS::Lambda::Function', 'ValidatorFunction').id, 'Arn'] },
          RoleArn: { 'Fn::GetAtt': [find(template, 'AWS::IAM::Role', 'AuditRole').id, 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [find(template, 'AWS::SQS::Queue', 'DeadLetters').id, 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
        },
      });
      const payload = { source: 'acm-dns-validator', 'detail-type': 'Certificate Audit', resources: [], detail: {} };
      expect(JSON.parse(Properties.Target.Input)).toEqual(payload);
    }
    expect(find(full, 'AWS::Scheduler::Schedule', 'Audit').resource.Properties.ScheduleExpression).toBe('rate(1 day)');
  });

  test('include no audit if it is turned off', () => {
    const template = templateOf({ auditSchedule: '' });
    template.resourceCountIs('AWS::Scheduler::Schedule', 1);
    expect(Object.keys(template.findResources('AWS::IAM::Role')).filter((id) => id.includes('Audit'))).toEqual([]);
  });
});

describe('the organization', () => {
  test('may forward to the default bus, if it is given', () => {
    plain.resourceCountIs('AWS::Events::EventBusPolicy', 0);
    full.resourceCountIs('AWS::Events::EventBusPolicy', 1);
    full.hasResourceProperties('AWS::Events::EventBusPolicy', {
      EventBusName: 'default',
      Statement: {
        Effect: 'Allow',
        Principal: '*',
        Action: 'events:PutEvents',
        Condition: {
          StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
          'ForAllValues:StringEquals': { 'events:source': ['aws.acm', 'aws.route53'] },
        },
      },
    });
  });

  test('has a queue with limited concurrent batches, which gets back only failed messages', () => {
    queued.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [find(queued, 'AWS::SQS::Queue', 'OrganizationQueue').id, 'Arn'] },
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 60,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    plain.resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
  });

  test('has a queue with the limits that are given', () => {
    const organizationQueue = { batchSize: 100, batchWindow: Duration.minutes(1), maxConcurrency: 5 };
    const template = templateOf({ organizationQueue });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 60,
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    template.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 6 * 120 + 60 });
  });

  test('has a queue with a long enough visibility time-out, and five tries for each message', () => {
    expect(find(queued, 'AWS::SQS::Queue', 'OrganizationQueue').resource.Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 780,
      MessageRetentionPeriod: 345600,
      RedrivePolicy: {
        maxReceiveCount: 5,
        deadLetterTargetArn: { 'Fn::GetAtt': [find(queued, 'AWS::SQS::Queue', 'DeadLetters').id, 'Arn'] },
      },
    });
  });
});

describe('the queues', () => {
  test('keep dead letters encrypted, and for two weeks', () => {
    expect(find(plain, 'AWS::SQS::Queue', 'DeadLetters').resource.Properties).toEqual({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1209600,
    });
  });

  test('accept messages over TLS only, and from the rules only', () => {
    for (const word of ['DeadLetters', 'OrganizationQueue']) {
      const rules = ['CertificateCalls', 'CertificateNews', 'HostedZoneCalls'];
      const arns = rules.map((rule) => ({ 'Fn::GetAtt': [find(queued, 'AWS::Events::Rule', rule).id, 'Arn'] }));
      const [tls, send, ...others] = statements(queued, 'AWS::SQS::QueuePolicy', word);
      expect(tls).toMatchObject({
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
      expect(send).toMatchObject({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: { ArnEquals: { 'aws:SourceArn': arns } },
      });
      expect(others).toEqual([]);
    }
  });
});

describe('the monitoring', () => {
  const alarms: [string, Json][] = [
    [
      'DeadLetters',
      { Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible', Statistic: 'Maximum', Period: 300 },
    ],
    ['FunctionErrors', { Namespace: 'AWS/Lambda', MetricName: 'Errors', Statistic: 'Sum', Period: 300 }],
  ];

  test.each(alarms)('%s rings at the first one', (word, properties) => {
    expect(find(plain, 'AWS::CloudWatch::Alarm', `Watch${word}`).resource.Properties).toMatchObject({
      ...properties,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test.each(['CertificatesBlocked', 'CertificatesFailed', 'CertificatesTimedOut', 'CertificatesAtRisk'])('%s does not hide the next one', (word) => {
    expect(find(plain, 'AWS::CloudWatch::Alarm', word).resource.Properties).toMatchObject({
      Namespace: 'acm-dns-validator',
      MetricName: word,
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('has an alarm for messages that wait in the queue, if there is one', () => {
    expect(find(queued, 'AWS::CloudWatch::Alarm', 'OrganizationQueueAge').resource.Properties).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Statistic: 'Maximum',
      Threshold: 900,
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [find(queued, 'AWS::SQS::Queue', 'OrganizationQueue').id, 'QueueName'] } }],
    });
    plain.resourceCountIs('AWS::CloudWatch::Alarm', 8);
  });

  test('has an alarm for a missing sweep', () => {
    expect(find(plain, 'AWS::CloudWatch::Alarm', 'SweepMissing').resource.Properties).toMatchObject({
      Namespace: 'acm-dns-validator',
      MetricName: 'SweepFound',
      Statistic: 'SampleCount',
      Period: 3600,
      EvaluationPeriods: 2,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  test('has an alarm for accounts and regions that a sweep could not do', () => {
    expect(find(plain, 'AWS::CloudWatch::Alarm', 'SweepPlacesFailed').resource.Properties).toMatchObject({
      Namespace: 'acm-dns-validator',
      MetricName: 'SweepPlacesFailed',
      Statistic: 'Sum',
      Period: 3600,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('notifies the topic of every alarm, and of its end if that means something', () => {
    full.resourceCountIs('AWS::CloudWatch::Alarm', 9);
    const topic = ['arn:aws:sns:eu-west-1:111122223333:alarms'];
    for (const [id, { Properties }] of Object.entries(full.findResources('AWS::CloudWatch::Alarm'))) {
      expect(Properties.AlarmActions, id).toEqual(topic);
      // These count single events: none in five minutes does not mean that somebody acted.
      expect(Properties.OKActions, id).toEqual(Properties.MetricName.startsWith('Certificates') ? undefined : topic);
    }
    for (const alarm of Object.values(plain.findResources('AWS::CloudWatch::Alarm'))) {
      expect(alarm.Properties.AlarmActions).toBeUndefined();
    }
  });

  test('says in each alarm what it means, which stack it is of, what to run first, and where to read on', () => {
    for (const [id, { Properties }] of Object.entries(queued.findResources('AWS::CloudWatch::Alarm'))) {
      const text = JSON.stringify(Properties.AlarmDescription['Fn::Join'][1]);
      expect(text, id).toMatch(/acm-dns-validator, stack ",\{"Ref":"AWS::StackName"\}.*First run: `(aws|infra).*`.*docs\/operating\.md#[a-z]+"\]$/);
      expect(text.length, id).toBeLessThan(900);
    }
  });

  test('uses the metrics of this function, in alarms and on the dashboard', () => {
    const name = { Ref: find(plain, 'AWS::Lambda::Function', 'ValidatorFunction').id };
    for (const { Properties } of Object.values(plain.findResources('AWS::CloudWatch::Alarm'))) {
      if (Properties.Namespace !== 'AWS/SQS') expect(Properties.Dimensions).toEqual([{ Name: 'FunctionName', Value: name }]);
    }
    const body = find(plain, 'AWS::CloudWatch::Dashboard').resource.Properties.DashboardBody['Fn::Join'][1]
      .map((part: Json | string) => (typeof part === 'string' ? part : (part.Ref ?? part['Fn::GetAtt'].join('.'))))
      .join('');
    const metrics = JSON.parse(body).widgets.flatMap((widget: Json) => widget.properties.metrics ?? []).map((row: unknown[]) => row[1]);
    expect(metrics).toEqual(
      expect.arrayContaining([
        'RecordsWritten', 'RecordsWouldWrite', 'RecordsDeferred', 'RecordsBlocked', 'CertificatesIssued', 'CertificatesBlocked',
        'CertificatesFailed', 'CertificatesTimedOut', 'TimeToIssue', 'ChecksArmed', 'SweepFound', 'SweepArmed', 'SweepPlacesFailed',
        'RequestsRejected', 'CertificatesOutOfReach', 'EventsLost', 'CertificatesAudited', 'CertificatesAtRisk', 'RecordsUnused',
        'RecordsRepaired',
      ]),
    );
    expect(body.match(/"FunctionName","ValidatorFunction/g)).toHaveLength(7);
    expect(body).toContain(`{acm-dns-validator,FunctionName,Reason} MetricName=\\"RecordsBlocked\\" FunctionName=\\"${name.Ref}\\"`);
  });

  test('asks the overview for the list of certificates on the dashboard', () => {
    const body = JSON.stringify(find(plain, 'AWS::CloudWatch::Dashboard').resource.Properties.DashboardBody);
    expect(body).toContain('\\"type\\":\\"custom\\"');
    expect(body).toContain(find(plain, 'AWS::Lambda::Function', 'ValidatorOverview').id);
    expect(body).toContain('\\"detail-type\\":\\"Certificate Overview\\"');
  });

  test('has no dashboard if dashboard is false', () => {
    const template = templateOf({ dashboard: false });
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    expect(JSON.stringify(template.toJSON())).not.toContain('Overview');
  });
});

describe('a stack', () => {
  test('may run beside another one in the same account and region', () => {
    const app = new App();
    const stacks = ['One', 'Two'].map((name) => stackWith(() => ({ organizationId: 'o-a1b2c3d4e5' }), app, name));
    for (const [type, property] of [
      ['AWS::Scheduler::ScheduleGroup', 'Name'],
      ['AWS::Events::EventBusPolicy', 'StatementId'],
    ] as const) {
      const names = stacks.map((stack) => find(Template.fromStack(stack), type).resource.Properties[property]);
      expect(names[0]).not.toBe(names[1]);
      for (const name of names) expect(name).toMatch(/^[0-9A-Za-z_-]{1,64}$/);
    }
    // Only the schedule group and the bus policy have names, which come from the construct's path.
    const names = Object.values(full.toJSON().Resources as Json).flatMap(({ Type, Properties }) =>
      ['Name', 'FunctionName', 'RoleName', 'QueueName', 'AlarmName', 'LogGroupName', 'DashboardName', 'StatementId']
        .filter((key) => typeof Properties[key] === 'string')
        .map((key) => `${Type} ${key}`),
    );
    expect(names.sort()).toEqual(['AWS::Events::EventBusPolicy StatementId', 'AWS::Scheduler::ScheduleGroup Name']);
  });
});

describe('wrong settings', () => {
  const wrong: [string, AcmDnsValidatorProps][] = [
    ['hostedZoneIds', { hostedZoneIds: ['/hostedzone/Z1'] }],
    ['hostedZoneIds', { hostedZoneIds: ['*'] }],
    ['hostedZoneRoleArns', { hostedZoneRoleArns: ['arn:aws:iam::444455556666:user/dns'] }],
    ['hostedZoneRoleArns', { hostedZoneRoleArns: ['*'] }],
    ['hostedZoneRoleArns', { hostedZoneRoleArns: ['arn:aws:iam::444455556666:role/*'] }],
    ['certificateRoleName', { certificateRoleName: '/certificates' }],
    ['certificateRoleName', { certificateRoleName: '*' }],
    ['certificateRoleName', { certificateRoleName: '*/certificates' }],
    ['hostedZoneTag', { hostedZoneTag: { key: '', value: 'yes' } }],
    ['hostedZoneAccountsTag', { hostedZoneAccountsTag: 'accounts=777788889999' }],
    ['certificateTag', { certificateTag: { key: 'a=b', value: '' } }],
    ['allowedDomains', { allowedDomains: ['*.example.com'] }],
    ['regions', { regions: ['europe'] }],
    ['dnsResolvers', { dnsResolvers: ['dns.example'] }],
    ['dnsResolvers has none and others', { dnsResolvers: ['none', '192.0.2.1'] }],
    ['accounts: `1`', { accounts: ['1'], certificateRoleName: 'x' }],
    ['accounts needs certificateRoleName', { accounts: ['organization'], organizationId: 'o-a1b2c3d4e5' }],
    ['accounts=organization needs organizationId', { accounts: ['organization'], certificateRoleName: 'x' }],
    ['accounts has organization and others', { accounts: ['organization', '777788889999'], certificateRoleName: 'x', organizationId: 'o-a1b2c3d4e5' }],
    ['organizationRoleArn', { organizationRoleArn: 'accounts' }],
    ['organizationRoleArn is used with accounts=organization only', { organizationRoleArn: 'arn:aws:iam::100000000000:role/accounts' }],
    ['sweepAccounts', { sweepAccounts: ['1'], certificateRoleName: 'x' }],
    ['sweepAccounts needs certificateRoleName', { sweepAccounts: ['777788889999'] }],
    ['organizationId', { organizationId: '*' }],
    ['notificationEmail', { notificationEmail: 'nobody' }],
    ['auditSchedule', { auditSchedule: 'weekly' }],
    ['auditSchedule', { auditSchedule: 'at(2026-12-01T00:00:00)' }],
    ['need events, but publishEvents is false', { notificationEmail: 'dns@example.com', publishEvents: false }],
    ['recordTtl', { recordTtl: Duration.days(36500) }],
    ['reservedConcurrency', { reservedConcurrency: 0 }],
    ['organizationQueue.maxConcurrency', { organizationQueue: { maxConcurrency: 1 } }],
    ['organizationQueue.batchSize', { organizationQueue: { batchSize: 0 } }],
    ['organizationQueue.batchWindow', { organizationQueue: { batchWindow: Duration.minutes(6) } }],
    ['needs a batchWindow', { organizationQueue: { batchWindow: Duration.seconds(0) } }],
    ['reservedConcurrency', { organizationQueue: {}, reservedConcurrency: 1 }],
  ];

  test.each(wrong)('%s', (complaint, props) => {
    expect(() => templateOf(props)).toThrow(complaint);
  });

  test('are all named at once', () => {
    expect(() => templateOf({ regions: ['europe'], sweepAccounts: ['1'] })).toThrow(
      /regions: `europe`.*sweepAccounts: `1`.*sweepAccounts needs/,
    );
  });
});
