import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, expect } from 'vitest';

// cdk-nag reads every property of a resource, those that nobody sets and that are deprecated too.
process.env.JSII_DEPRECATED = 'quiet';

const made: string[] = [];
afterAll(() => made.splice(0).forEach((directory) => rmSync(directory, { recursive: true })));

/** A finding that is accepted: where below the construct, which, and why. */
export type Acknowledged = [string, string, string];

/** The findings of both rule packs for the construct `id` of a stack `Test`: where, and which. */
export function findings(id: string, build: (app: App) => Stack, acknowledged: Acknowledged[]): [string, string][] {
  const outdir = mkdtempSync(join(tmpdir(), 'nag-'));
  made.push(outdir);
  const app = new App({ outdir });
  const stack = build(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const top = stack.node.findChild(id);
  for (const [at, rule, reason] of acknowledged) {
    const construct = at.split('/').reduce((scope, child) => scope.node.findChild(child), top);
    Validations.of(construct).acknowledge({ id: rule, reason });
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
        constructPath.replace(`Test/${id}/`, '').replace(/\/Resource$/, ''),
        ruleName,
      ]),
    ),
  );
  expect(thrown !== undefined, 'synthesis fails on findings').toBe(found.length > 0);
  return found;
}

/** Findings as text, to compare them in any order. */
export const sorted = (found: [string, string][]) => found.map((each) => each.join(' ')).sort();
