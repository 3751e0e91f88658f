import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { everything, stackWith } from './stacks';

/** The variables that the function reads: the first argument of each reader's call, without the tests of that file. */
function namesInTheFunction(): string[] {
  const src = join(__dirname, '../../../src');
  const [file, ...others] = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)settings\.rs$/.test(name));
  expect(others).toEqual([]);
  const source = readFileSync(join(src, file!), 'utf8').split('#[cfg(test)]')[0]!;
  const calls = source.matchAll(/\.(?:required|optional|list)\(\s*"([A-Z_]+)"/g);
  return [...calls].map(([, name]) => name!).sort();
}

test('sets the variables that the function reads', () => {
  const template = Template.fromStack(
    stackWith((stack) => ({ ...everything(stack), recordTtl: Duration.minutes(1) })),
  );
  // The overview has fewer.
  const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
  const [, found] = functions.find(([id]) => id.startsWith('ValidatorFunction'))!;
  const names = namesInTheFunction();
  expect(names.length).toBeGreaterThan(10);
  expect(Object.keys(found.Properties.Environment.Variables).sort()).toEqual(names);
});
