// Compares what the CDK and the SAM template deploy with the same settings: compare.js SYNTHESIZED TEMPLATE
//
// Names, descriptions and the layout of policies may differ. What is compared is what a stack does and what it costs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { load } from '../iam/cloudformation.js';
import { functionStack } from '../iam/deployment.js';

const [synthesized, template] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { names, place } = read(join(import.meta.dirname, '../iam/deployments.json'));
const deployments = read(join(import.meta.dirname, 'deployments.json'));

/** Settings of the function that say no more than its default does. */
const DEFAULTS = { DRY_RUN: 'false', EVENT_BUS: 'default', RECORD_TTL: '300' };

/** A value with its keys and lists in order, so that order does not matter. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]).sort());
}

/** A policy as a list of single permissions: effect, principal, action, resource, conditions. */
function permissions(document) {
  const list = (value) => [value ?? '-'].flat();
  const condition = (statement) =>
    sorted(
      Object.fromEntries(
        Object.entries(statement.Condition ?? {}).map(([operator, keys]) => [
          operator,
          Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, list(values)])),
        ]),
      ),
    );
  return sorted(
    document.Statement.flatMap((statement) =>
      list(statement.Action).flatMap((action) =>
        list(statement.Resource).map((resource) => ({
          effect: statement.Effect,
          principal: statement.Principal === '*' ? { AWS: '*' } : statement.Principal,
          action,
          // A role reaches no partition but its own.
          resource: resource.replace(/^arn:\*:/, `arn:${place.partition}:`),
          condition: condition(statement),
        })),
      ),
    ),
  );
}

/** What a stack does, part by part. */
function partsOf(source, parameters) {
  const { fn, resolver, resources, roles, rules } = functionStack(source, place, parameters, names);
  const all = (type) => resolver.resources(type).map(({ properties }) => resolver.resolve(properties));
  const pick = (from, keys) => Object.fromEntries(keys.map((key) => [key, from?.[key] === undefined ? undefined : String(from[key])]));
  const properties = resolver.resolve(fn.properties);
  const [sweep] = all('AWS::Scheduler::Schedule').map((each) => ({ ...each, ...each.Target }));
  const invoke = all('AWS::Lambda::EventInvokeConfig')[0] ?? properties.EventInvokeConfig;
  const input = JSON.parse(sweep.Input);
  const [mapping] = all('AWS::Lambda::EventSourceMapping');
  const patterns = all('AWS::Events::Rule');
  const label = (arn) => (rules.includes(arn) ? `rule ${JSON.stringify(sorted(patterns[rules.indexOf(arn)].EventPattern))}` : arn);
  const labelled = (value) => JSON.parse(JSON.stringify(value), (_, item) => (typeof item === 'string' ? label(item) : item));
  const parts = {
    function: {
      ...pick(properties, ['Handler', 'MemorySize', 'ReservedConcurrentExecutions', 'Runtime', 'Timeout']),
      architectures: properties.Architectures,
      logging: pick(properties.LoggingConfig, ['ApplicationLogLevel', 'LogFormat', 'SystemLogLevel']),
    },
    variables: Object.fromEntries(
      Object.entries(properties.Environment.Variables)
        .map(([name, value]) => [name, String(value)])
        .filter(([name, value]) => value !== '' && DEFAULTS[name] !== value),
    ),
    'failed invocations': { ...pick(invoke, ['MaximumRetryAttempts', 'MaximumEventAgeInSeconds']), to: invoke.DestinationConfig.OnFailure.Destination },
    log: all('AWS::Logs::LogGroup').map(({ RetentionInDays }) => Number(RetentionInDays)),
    rules: patterns.map((rule) => ({
      bus: rule.EventBusName ?? 'default',
      pattern: rule.EventPattern,
      state: rule.State ?? 'ENABLED',
      targets: rule.Targets.map(({ Id, ...target }) => target),
    })),
    queues: all('AWS::SQS::Queue'),
    mapping: mapping && { ...mapping, FunctionName: undefined, ScalingConfig: { MaximumConcurrency: Number(mapping.ScalingConfig.MaximumConcurrency) } },
    sweep: {
      arn: sweep.Arn,
      deadLetters: sweep.DeadLetterConfig.Arn,
      expression: sweep.ScheduleExpression,
      group: sweep.GroupName,
      input: { ...input, detail: { accounts: [], ...input.detail } },
      retry: sweep.RetryPolicy,
      role: sweep.RoleArn,
      window: sweep.FlexibleTimeWindow,
    },
    alarms: all('AWS::CloudWatch::Alarm').map(({ AlarmDescription, ...alarm }) => alarm),
    dashboards: resolver.resources('AWS::CloudWatch::Dashboard').length,
    groups: resolver.resources('AWS::Scheduler::ScheduleGroup').length,
  };
  for (const [name, role] of Object.entries(roles)) {
    parts[`the ${name} role may`] = role.policies.flatMap(permissions);
    parts[`the ${name} role trusts`] = permissions(role.trust);
  }
  for (const [arn, policy] of Object.entries(resources)) {
    const condition = (each) => JSON.parse(JSON.stringify(each).replace('"ArnLike":{"AWS:SourceArn"', '"ArnEquals":{"aws:SourceArn"'));
    parts[`${arn} lets in`] = permissions(policy).map(condition);
  }
  return Object.fromEntries(Object.entries(parts).map(([part, value]) => [part, value === undefined ? null : sorted(labelled(value))]));
}

/** Where two values differ. */
function differences(left, right, path = '') {
  if (isDeepStrictEqual(left, right)) return [];
  const objects = [left, right].every((value) => value !== null && typeof value === 'object');
  if (!objects) return [`${path}: CDK has ${JSON.stringify(left)}, SAM has ${JSON.stringify(right)}`];
  if (Array.isArray(left) && Array.isArray(right)) {
    const missing = (from, other) => from.filter((item) => !other.some((each) => isDeepStrictEqual(item, each)));
    return [
      ...missing(left, right).map((item) => `${path}: only the CDK has ${JSON.stringify(item)}`),
      ...missing(right, left).map((item) => `${path}: only SAM has ${JSON.stringify(item)}`),
    ];
  }
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) => differences(left[key], right[key], `${path}.${key}`));
}

const source = load(template);
const pascal = (settings) => Object.fromEntries(Object.entries(settings).map(([key, value]) => [key[0].toUpperCase() + key.slice(1), value]));
let passed = 0;
let failed = 0;
for (const [deployment, settings] of Object.entries(deployments)) {
  const cdk = partsOf(read(join(synthesized, `${deployment}.json`)), {});
  const sam = partsOf(source, pascal(settings));
  for (const part of new Set([...Object.keys(cdk), ...Object.keys(sam)])) {
    const [left, right] = [cdk, sam].map((parts) => parts[part] ?? null);
    const found = differences(left, right);
    if (found.length === 0) {
      passed += 1;
    } else {
      failed += 1;
      console.log(`FAILED  ${deployment}: ${part}${found.map((each) => `\n          ${each}`).join('')}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
