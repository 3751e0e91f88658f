// Synthesizes a stack for each set of settings: synthesize.ts OUTPUT SETTINGS, where SETTINGS is a JSON object of context values by
// name; or of `construct`, `account`, `region` and properties, for a construct besides the function's. infra/check uses it: the CDK's
// command takes seconds for each template.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { readContext } from './context';
import { AcmDnsValidator, DnsAccount, MemberAccount, RegionForwarder } from '../lib';

const OTHERS = { DnsAccount, MemberAccount, RegionForwarder };

const [output, settings] = process.argv.slice(2) as [string, string];

/** A stack with another construct. Lists are separated by commas, and a topic has the name that the templates take. */
function other(app: App, name: string, { construct, account, region, alarmTopicName, hostedZoneIds, allowedDomains, ...props }: Record<string, string>): void {
  const stack = new Stack(app, name, { env: { account, region } });
  const topic = alarmTopicName && Topic.fromTopicArn(stack, 'Topic', stack.formatArn({ service: 'sns', resource: alarmTopicName }));
  const lists = { hostedZoneIds: hostedZoneIds?.split(','), allowedDomains: allowedDomains?.split(',') };
  const Other = OTHERS[construct as keyof typeof OTHERS] as new (scope: Stack, id: string, props: object) => object;
  new Other(stack, construct!, { ...props, ...lists, alarmTopic: topic || undefined });
}

for (const [name, given] of Object.entries(JSON.parse(settings) as Record<string, Record<string, string>>)) {
  const context = Object.fromEntries(Object.entries(given).map(([key, value]) => [`validator:${key}`, value]));
  const app = new App({ context: { 'aws:cdk:version-reporting': false, ...context } });
  if (given.construct) {
    other(app, name, given);
  } else {
    const { props } = readContext(app);
    const stack = new Stack(app, name);
    new AcmDnsValidator(stack, 'Validator', props(stack));
  }
  const { template } = app.synth().getStackByName(name);
  writeFileSync(join(output, `${name}.json`), JSON.stringify(template));
}
