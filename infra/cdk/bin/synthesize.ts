// Synthesizes the stack once for each set of settings: synthesize.ts OUTPUT SETTINGS, where SETTINGS is a JSON
// object of context values by name. infra/check uses it: the CDK's command takes seconds for each template.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { readContext } from './context';
import { AcmDnsValidator } from '../lib';

const [output, settings] = process.argv.slice(2) as [string, string];
for (const [name, given] of Object.entries(JSON.parse(settings) as Record<string, Record<string, string>>)) {
  const context = Object.fromEntries(Object.entries(given).map(([key, value]) => [`validator:${key}`, value]));
  const app = new App({ context: { 'aws:cdk:version-reporting': false, ...context } });
  const { props } = readContext(app);
  const stack = new Stack(app, name);
  new AcmDnsValidator(stack, 'Validator', props(stack));
  const { template } = app.synth().getStackByName(name);
  writeFileSync(join(output, `${name}.json`), JSON.stringify(template));
}
