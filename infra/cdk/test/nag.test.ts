import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterEach, expect, test } from 'vitest';
import { everything, stackWith } from './stacks';

// cdk-nag reads every property of a resource, those that nobody sets and that are deprecated too.
process.env.JSII_DEPRECATED = 'quiet';

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
const ACKNOWLEDGED: [string, string, string][] = [
  ...['FunctionRole', 'OverviewRole'].flatMap((at) => READING.map(([id, why]): [string, string, string] => [at, id, why])),
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

const made: string[] = [];
afterEach(() => made.splice(0).forEach((directory) => rmSync(directory, { recursive: true })));

/** The findings of both rule packs for a stack with every setting. */
function findings(acknowledged: typeof ACKNOWLEDGED): [string, string][] {
  const outdir = mkdtempSync(join(tmpdir(), 'nag-'));
  made.push(outdir);
  const app = new App({ outdir });
  const stack = stackWith((scope) => ({ ...everything(scope), dryRun: false }), app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const validator = stack.node.findChild('Validator');
  for (const [at, id, reason] of acknowledged) {
    const construct = at.split('/').reduce((scope, child) => scope.node.findChild(child), validator);
    Validations.of(construct).acknowledge({ id, reason });
  }
  let thrown: unknown;
  try {
    app.synth();
  } catch (error) {
    thrown = error;
  }
  const { pluginReports } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  const found = pluginReports.flatMap((report: any) =>
    report.violations.flatMap(({ ruleName, violatingConstructs }: any) =>
      violatingConstructs.map(({ constructPath }: any) => [
        constructPath.replace(/^Test\/Validator\//, '').replace(/\/Resource$/, ''),
        ruleName,
      ]),
    ),
  );
  expect(thrown !== undefined, 'synthesis fails on findings').toBe(found.length > 0);
  return found;
}

const sorted = (found: [string, string][]) => found.map((each) => each.join(' ')).sort();

test('every finding is known and explained, and every explanation is of a finding', () => {
  expect(sorted(findings([]))).toEqual(sorted(ACKNOWLEDGED.map(([at, id]) => [at, id])));
});

test('nothing else is found', () => {
  expect(findings(ACKNOWLEDGED)).toEqual([]);
});
