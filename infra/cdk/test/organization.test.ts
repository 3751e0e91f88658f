import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { DnsAccount, DnsAccountProps, MemberAccount, MemberAccountProps, RegionForwarder, RegionForwarderProps } from '../lib';
import { Acknowledged, findings, sorted } from './nag';

const HUB = '111122223333';
const MEMBER = '777788889999';
const BUS = `arn:aws:events:eu-central-1:${HUB}:event-bus/default`;
const FUNCTION = `arn:aws:iam::${HUB}:role/function`;
const OVERVIEW = `arn:aws:iam::${HUB}:role/overview`;

type Make = (stack: Stack) => Construct;
const stackOf = (make: Make, account: string, region: string, app = new App()) => {
  const stack = new Stack(app, 'Test', { env: { account, region } });
  make(stack);
  return stack;
};
const templateOf = (make: Make, account: string, region: string) => Template.fromStack(stackOf(make, account, region));
const member =
  (props: Partial<MemberAccountProps> = {}): Make =>
  (stack) =>
    new MemberAccount(stack, 'It', { homeBusArn: BUS, functionRoleArn: FUNCTION, certificateRoleName: 'certificates', ...props });
const forwarder =
  (props: Partial<RegionForwarderProps> = {}): Make =>
  (stack) =>
    new RegionForwarder(stack, 'It', { homeBusArn: BUS, ...props });
const zones =
  (props: Partial<DnsAccountProps> = {}): Make =>
  (stack) =>
    new DnsAccount(stack, 'It', { functionRoleArn: FUNCTION, ...props });

/** What the rules of a template are about, and the names of its roles. */
function summary(template: Template): { rules: string[]; roles: string[] } {
  const properties = (type: string) => Object.values(template.findResources(type)).map(({ Properties }) => Properties);
  return {
    rules: properties('AWS::Events::Rule').map(({ Description }) => Description.split(' ').pop()).sort(),
    roles: properties('AWS::IAM::Role').map(({ RoleName }) => RoleName ?? 'generated').sort(),
  };
}

const CERTIFICATES = ['certificate', 'renewal'];
const WITH_ZONES = ['certificate', 'renewal', 'zone'];

describe('what is forwarded, and which role is created, depends on the place', () => {
  test.each<[string, Make, string, string, string[], string[]]>([
    ['a member, in a region of its own', member(), MEMBER, 'eu-west-1', CERTIFICATES, ['generated']],
    ['a member, in the region of the function', member(), MEMBER, 'eu-central-1', CERTIFICATES, ['certificates', 'generated']],
    ['a member, in the region for roles', member({ roleRegion: 'us-east-1' }), MEMBER, 'us-east-1', CERTIFICATES, ['certificates', 'generated']],
    ['a member, in the region of the function, with another one for roles', member({ roleRegion: 'us-east-1' }), MEMBER, 'eu-central-1', CERTIFICATES, ['generated']],
    ["the function's account and region", member(), HUB, 'eu-central-1', [], []],
    ["the function's account, in us-east-1", member({ roleRegion: 'us-east-1' }), HUB, 'us-east-1', WITH_ZONES, ['generated']],
    ["the function's account, in another region", member(), HUB, 'eu-west-1', CERTIFICATES, ['generated']],
    ["a forwarder in the function's region", forwarder(), HUB, 'eu-central-1', [], []],
    ['a forwarder in us-east-1', forwarder(), HUB, 'us-east-1', WITH_ZONES, ['generated']],
    ['a forwarder in another region', forwarder(), HUB, 'eu-west-1', CERTIFICATES, ['generated']],
    ['a DNS account', zones(), MEMBER, 'us-east-1', [], ['acm-dns-validator-zones']],
    ['a DNS account with everything', zones({ overviewRoleArn: OVERVIEW, homeBusArn: BUS, zoneRoleName: 'dns' }), MEMBER, 'us-east-1', ['zone'], ['dns', 'dns-read', 'generated']],
  ])('%s', (_, make, account, region, rules, roles) => {
    const template = templateOf(make, account, region);
    expect(summary(template)).toEqual({ rules, roles });
    // An alarm watches the dead letters of rules; a bus that forwards to itself would do so forever.
    const watched = rules.length > 0 && !roles.some((name) => name.includes('zones') || name.includes('dns'));
    template.resourceCountIs('AWS::CloudWatch::Alarm', watched ? 1 : 0);
  });

  test('the function is trusted, and the dashboard if it is named', () => {
    const trusted = (make: Make) =>
      Object.values(templateOf(make, MEMBER, 'eu-central-1').findResources('AWS::IAM::Role'))
        .filter(({ Properties }) => Properties.RoleName)
        .flatMap(({ Properties }) => Properties.AssumeRolePolicyDocument.Statement.map((each: any) => [Properties.RoleName, each.Principal.AWS]));
    expect(trusted(member())).toEqual([['certificates', FUNCTION]]);
    expect(trusted(member({ overviewRoleArn: OVERVIEW }))).toEqual([['certificates', FUNCTION], ['certificates', OVERVIEW]]);
    expect(trusted(zones({ overviewRoleArn: OVERVIEW }))).toEqual([['acm-dns-validator-zones', FUNCTION], ['acm-dns-validator-zones-read', OVERVIEW]]);
  });

  test('zones and domains limit what may be written', () => {
    const template = templateOf(zones({ hostedZoneIds: ['Z1'], allowedDomains: ['example.com'] }), MEMBER, 'us-east-1');
    template.hasResourceProperties('AWS::IAM::Role', {
      Policies: [{
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Sid: 'UpsertValidationRecordsOnly', Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':route53:::hostedzone/Z1']] } }),
            Match.objectLike({ Sid: 'DenyNamesOutsideTheAllowedDomains', Effect: 'Deny' }),
          ]),
        },
      }],
    });
  });

  test('the alarm notifies the topic', () => {
    for (const make of [member, forwarder]) {
      const topic = (stack: Stack) => Topic.fromTopicArn(stack, 'Topic', `arn:aws:sns:eu-west-1:${MEMBER}:on-call`);
      const template = templateOf((stack) => make({ alarmTopic: topic(stack) })(stack), MEMBER, 'eu-west-1');
      const arn = [`arn:aws:sns:eu-west-1:${MEMBER}:on-call`];
      template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: arn, OKActions: arn });
    }
  });
});

describe('wrong settings', () => {
  test.each<[string, Make]>([
    ['homeBusArn: `default`', member({ homeBusArn: 'default' })],
    ['homeBusArn: `default`', forwarder({ homeBusArn: 'default' })],
    ['homeBusArn: `default`', zones({ homeBusArn: 'default' })],
    ['functionRoleArn: `*`', member({ functionRoleArn: '*' })],
    ['functionRoleArn: `*`', zones({ functionRoleArn: '*' })],
    ['overviewRoleArn: `*`', member({ overviewRoleArn: '*' })],
    ['overviewRoleArn: `*`', zones({ overviewRoleArn: '*' })],
    ['certificateRoleName: `team/certificates`', member({ certificateRoleName: 'team/certificates' })],
    ['roleRegion: `europe`', member({ roleRegion: 'europe' })],
    ['zoneRoleName', zones({ zoneRoleName: 'a'.repeat(60) })],
    ['hostedZoneIds: `*`', zones({ hostedZoneIds: ['*'] })],
    ['allowedDomains: `*.example.com`', zones({ allowedDomains: ['*.example.com'] })],
  ])('%s', (complaint, make) => {
    expect(() => templateOf(make, MEMBER, 'us-east-1')).toThrow(complaint);
  });

  test.each([member(), forwarder()])('a stack without an environment could not tell whether it would forward to itself', (make) => {
    expect(() => make(new Stack(new App(), 'Test'))).toThrow('Test/It needs a stack with `env: { account, region }`');
  });
});

const LISTING = 'IAM knows no resource for the listing calls of these statements.';
const ANY_ZONE = 'Hosted zones are found by name. Reading one changes nothing. Only those of hostedZoneIds are written to.';
const HOSTED_ZONES = 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:route53:::hostedzone/*]';
const IS_LAST = ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'].map((id): Acknowledged => ['DeadLetters', id, 'It is the dead-letter queue itself.']);

describe('cdk-nag', () => {
  test.each<[string, Make, Acknowledged[]]>([
    ['RegionForwarder', forwarder(), IS_LAST],
    [
      'MemberAccount', member({ overviewRoleArn: OVERVIEW }),
      [
        ...IS_LAST,
        ['CertificateRole', 'AwsSolutions-IAM5[Resource::*]', LISTING],
        [
          'CertificateRole',
          `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:acm:*:${MEMBER}:certificate/*]`,
          'No certificate is known before it is requested. Reading one changes nothing.',
        ],
      ],
    ],
    [
      'DnsAccount', zones({ overviewRoleArn: OVERVIEW, homeBusArn: BUS, hostedZoneIds: ['Z1'] }),
      [
        ['HostedZoneCalls', 'Serverless-EventBusDLQ', 'A blocked certificate is checked again even without this event.'],
        ...['ZoneRole', 'ZoneReadRole'].flatMap((at): Acknowledged[] => [
          [at, 'AwsSolutions-IAM5[Resource::*]', LISTING],
          [at, HOSTED_ZONES, ANY_ZONE],
        ]),
      ],
    ],
  ])('%s: every finding is known and explained, and nothing else is found', (_, make, acknowledged) => {
    const found = (accepted: Acknowledged[]) => findings('It', (app) => stackOf(make, MEMBER, 'eu-central-1', app), accepted);
    expect(sorted(found([]))).toEqual(sorted(acknowledged.map(([at, id]) => [at, id])));
    expect(found(acknowledged)).toEqual([]);
  });
});
