import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AcmDnsValidator, AcmDnsValidatorProps } from '../lib';

/** A directory in place of the function's code: synthesis needs a file, not a program. */
export const BOOTSTRAP = join(__dirname, 'bootstrap');

/** A stack with the construct in it. */
export function stackWith(props: (stack: Stack) => AcmDnsValidatorProps, app = new App(), name = 'Test'): Stack {
  const stack = new Stack(app, name);
  new AcmDnsValidator(stack, 'Validator', { code: Code.fromAsset(BOOTSTRAP), ...props(stack) });
  return stack;
}

/** The template of such a stack. */
export function templateOf(props: AcmDnsValidatorProps = {}): Template {
  return Template.fromStack(stackWith(() => props));
}

/** Every setting, apart from those that exclude another one. */
export function everything(stack: Stack): AcmDnsValidatorProps {
  return {
    eventBus: EventBus.fromEventBusArn(stack, 'Bus', 'arn:aws:events:eu-west-1:111122223333:event-bus/ours'),
    alarmTopic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:111122223333:alarms'),
    auditSchedule: 'rate(1 day)',
    notificationEmail: 'dns@example.com',
    hostedZoneRoleArns: ['arn:aws:iam::444455556666:role/dns', 'arn:aws:iam::444455556666:role/path/dns'],
    hostedZoneIds: ['Z1PA6795UKMFR9', 'Z2'],
    hostedZoneTag: { key: 'validate', value: 'yes' },
    hostedZoneAccountsTag: 'certificate-accounts',
    certificateRoleName: 'team/certificates',
    certificateTag: { key: 'dns', value: '' },
    allowedDomains: ['example.com', 'example.net'],
    regions: ['eu-west-1', 'us-east-1'],
    accounts: ['organization'],
    organizationRoleArn: 'arn:aws:iam::100000000000:role/accounts',
    sweepAccounts: ['777788889999'],
    dnsResolvers: ['192.0.2.1', '[2001:db8::1]:5353'],
    dryRun: true,
    organizationId: 'o-a1b2c3d4e5',
    organizationQueue: {},
    reservedConcurrency: 5,
  };
}
