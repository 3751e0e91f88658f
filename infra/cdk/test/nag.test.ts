import { expect, test } from 'vitest';
import { Acknowledged, findings, sorted } from './nag';
import { everything, stackWith } from './stacks';

/** What is accepted of the permissions for reading, which the function and the overview have: which, and why. */
const READING: [string, string][] = [
  ['AwsSolutions-IAM5[Resource::*]', 'IAM knows no resource for the three listing calls of these statements.'],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:acm:*:<AWS::AccountId>:certificate/*]',
    'No certificate is known before it is requested. Reading one changes nothing.',
  ],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:route53:::hostedzone/*]',
    'Hosted zones are found by name. Reading one changes nothing. Only those of hostedZoneIds are written to.',
  ],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<ValidatorScheduleGroupC37DE47C>/*]',
    "The name of a check contains its certificate and time. The group is the function's own.",
  ],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::*:role/team/certificates]',
    'A role of one name in any account. The role of each account decides by its trust policy.',
  ],
  ['Serverless-LambdaStarPermissions', 'See each AwsSolutions-IAM5.'],
];

/** Every finding of cdk-nag that is accepted: where, which, and why. */
const ACKNOWLEDGED: Acknowledged[] = [
  ...['FunctionRole', 'OverviewRole'].flatMap((at) => READING.map(([id, why]): Acknowledged => [at, id, why])),
  [
    'FunctionRole',
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<ValidatorScheduleGroupC37DE47C>/????????-????-????-????-????????????-*]',
    "Only checks, and not the sweep's schedule in the same group.",
  ],
  ['DeadLetters', 'Serverless-SQSRedrivePolicy', 'It is the dead-letter queue itself.'],
  ['Function', 'Serverless-LambdaDLQ', 'It has an on-failure destination, which also gets the reason of the failure.'],
  ['Function', 'Serverless-LambdaTracing', 'A check makes a handful of calls, and the log has one line for each check.'],
  ['Overview', 'Serverless-LambdaDLQ', 'CloudWatch invokes it and waits for the answer.'],
  ['Overview', 'Serverless-LambdaTracing', 'As for the function.'],
  [
    'Notifications/dns@example.com',
    'Serverless-SNSRedrivePolicy',
    'It is an e-mail address, and the alarms do not depend on it.',
  ],
  [
    'Function/FromOrganizationQueue',
    'Serverless-LambdaEventSourceMappingDestination',
    'Lambda has no such destination for queues: the queue has a redrive policy.',
  ],
];

const found = (acknowledged: Acknowledged[]) =>
  findings('Validator', (app) => stackWith((scope) => ({ ...everything(scope), dryRun: false }), app), acknowledged);

test('every finding is known and explained, and every explanation is of a finding', () => {
  expect(sorted(found([]))).toEqual(sorted(ACKNOWLEDGED.map(([at, id]) => [at, id])));
});

test('nothing else is found', () => {
  expect(found(ACKNOWLEDGED)).toEqual([]);
});
