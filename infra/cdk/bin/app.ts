import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { AcmDnsValidator } from '../lib';
import { readContext } from './context';

const app = new App();
const { stackName, props } = readContext(app);
const stack = new Stack(app, stackName, {
  description: 'acm-dns-validator: writes the DNS validation records of ACM certificates in Route 53',
});
const validator = new AcmDnsValidator(stack, 'Validator', props(stack));

const outputs = {
  FunctionArn: validator.function.functionArn,
  // Roles of other accounts trust it.
  FunctionRoleArn: validator.functionRole.roleArn,
  // Roles of other accounts may trust it for reading.
  OverviewRoleArn: validator.overviewRole?.roleArn,
  ScheduleGroupName: validator.scheduleGroupName,
  DeadLetterQueueUrl: validator.deadLetterQueue.queueUrl,
  OrganizationQueueUrl: validator.organizationQueue?.queueUrl,
  LogGroupName: validator.logGroup.logGroupName,
  // Rules in other regions and accounts send to it.
  EventBusArn: stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' }),
};
for (const [name, value] of Object.entries(outputs)) {
  if (value) new CfnOutput(stack, name, { value });
}
