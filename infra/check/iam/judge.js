// Judges requests to IAM by the policies of templates: judge.js [--requests FILE] [--template FILE] SYNTHESIZED
//
// SYNTHESIZED holds the CDK's template of each deployment and partition, NAME-PARTITION.json. With --template, a SAM template or a translated
// one is judged in the same deployments, by its parameters.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { CASES, ROLE_CASES, TRUST } from './cases.js';
import { load } from './cloudformation.js';
import { functionStack, roleStack } from './deployment.js';
import { deploymentsOf, moved, readRequests } from './requests.js';

const root = join(import.meta.dirname, '../../..');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { requests: { type: 'string' }, template: { type: 'string', multiple: true } },
});
const [synthesized] = positionals;
const config = JSON.parse(readFileSync(join(import.meta.dirname, 'deployments.json'), 'utf8'));
const requests = options.requests ? readRequests(options.requests) : [];
const deployments = deploymentsOf(config.deployments, requests);

let surprises = 0;
const total = { allowed: 0, denied: 0, weakened: 0 };

/** One request to IAM, and whether it is allowed. A request that IAM does not know is an error of ours. */
async function isAllowed({ action, resource, conditions = {} }, { principal, account, policies, resourcePolicy }) {
  const simulation = {
    request: {
      principal,
      action,
      // The account of whoever asks: what is elsewhere is judged as if the account there allowed it.
      resource: { resource, accountId: account },
      contextVariables: conditions,
    },
    identityPolicies: policies.map((policy, index) => ({ name: `policy-${index}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy && { resourcePolicy }),
  };
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') {
    throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  }
  const ignored = result.result?.ignoredContextKeys ?? [];
  if (ignored.length > 0) throw new Error(`${action} has no condition key ${ignored.join(', ')}`);
  return result.overallResult === 'Allowed';
}

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
const openTo = (account, partition) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:${partition}:iam::${account}:root` }, Action: '*', Resource: '*' }],
});

/** Who asks, with what policies; and what the resource itself says. */
function judgeOf(who, stack, place) {
  const [kind, name] = who.split(':');
  const trust = (arn) => Object.values(stack.roles).find((role) => role.arn === arn)?.trust;
  const own = (arn) => trust(arn) ?? stack.resources[arn];
  if (kind === 'service') {
    return (one) => ({ principal: name, account: place.account, policies: [], resourcePolicy: own(one.resource) });
  }
  if (kind === 'account') {
    const principal = `arn:${place.partition}:iam::${name}:role/forwarder`;
    return (one) => ({ principal, account: place.account, policies: [everything], resourcePolicy: own(one.resource) });
  }
  const role = stack.roles[kind];
  return (one) => ({
    principal: role.arn,
    account: place.account,
    policies: role.policies,
    // A role in between says whom it trusts: here, whomever our own policy lets ask.
    resourcePolicy: one.action.startsWith('sts:') ? openTo(place.account, place.partition) : stack.resources[one.resource],
  });
}

async function judge(title, group, deployment, stack, place) {
  const fits = ({ deployments: only }) => !only || only.includes(deployment);
  const rules = (text) => text.replace(/^rule-(\d)$/, (_, index) => stack.rules[index]);
  const prepare = (cases) =>
    cases.filter(fits).map((one) => {
      const conditions = Object.entries(one.conditions ?? {}).map(([key, values]) => [key, shape(key, values.map(rules))]);
      return { ...moved(one, config.place, place), conditions: moved(Object.fromEntries(conditions), config.place, place) };
    });
  const asking = judgeOf(group.who, stack, place);
  const [allowed, denied] = [prepare(group.allowed), prepare(group.denied)];
  for (const [cases, expected] of [[allowed, true], [denied, false]]) {
    for (const one of cases) {
      total[expected ? 'allowed' : 'denied'] += 1;
      if ((await isAllowed(one, asking(one))) !== expected) {
        surprise(title, `${group.who} is ${expected ? 'denied' : 'allowed'} ${one.action} on ${one.resource}: ${one.why}`, one.conditions);
      }
    }
  }
  return { allowed, denied, asking };
}

/** IAM has keys of one value and keys of many. */
function shape(key, values) {
  const many = key.startsWith('route53:') || key === 'events:source';
  if (!many && values.length !== 1) throw new Error(`${key} has one value`);
  return many ? values : values[0];
}

function surprise(title, text, conditions = {}) {
  surprises += 1;
  console.log(`SURPRISE  ${title}: ${text} ${JSON.stringify(conditions)}`);
}

const PINNED = ['route53:ChangeResourceRecordSets', 'iam:PassRole', 'events:PutEvents'];

/** Ways to loosen a policy by one notch: one condition less, any resource, any action of the service. */
function* weakened(policy) {
  for (const [index, statement] of policy.Statement.entries()) {
    const sid = statement.Sid ?? `statement ${index}`;
    const using = (change) => ({
      ...policy,
      Statement: policy.Statement.flatMap((each, at) => (at === index ? change : [each])),
    });
    if (statement.Effect === 'Deny') {
      yield [`${sid} left out`, using([])];
      continue;
    }
    for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
      for (const key of Object.keys(keys)) {
        const rest = Object.fromEntries(Object.entries(keys).filter(([other]) => other !== key));
        const { [operator]: _, ...others } = statement.Condition;
        const left = Object.keys(rest).length > 0 ? { ...others, [operator]: rest } : others;
        const { Condition: __, ...bare } = statement;
        const loose = Object.keys(left).length > 0 ? { ...bare, Condition: left } : bare;
        yield [`${sid} without ${operator} ${key}`, using([loose])];
      }
    }
    // A door is about its own resource, and its conditions say who it is for.
    if (statement.Principal) continue;
    const actions = [statement.Action].flat();
    const resources = [statement.Resource].flat();
    // Conditions on keys that no other call has leave the others out by themselves.
    if (!actions.some((action) => PINNED.includes(action))) {
      const service = actions[0].split(':')[0];
      yield [`${sid} with ${service}:*`, using([{ ...statement, Action: `${service}:*` }])];
    }
    // Changes of records are about hosted zones anyway.
    const all = actions.includes('route53:ChangeResourceRecordSets') && resources.some((each) => each.endsWith('/*'));
    if (!all && !resources.includes('*')) {
      yield [`${sid} for every resource`, using([{ ...statement, Resource: '*' }])];
    }
  }
}

/** Loosens a policy notch by notch: for each, some case must notice. `put` asks a case with the loose policy. */
async function proveTight(title, what, policy, cases, put) {
  for (const [name, loose] of weakened(policy)) {
    total.weakened += 1;
    let noticed = false;
    for (const [one, asked] of cases) {
      noticed = await isAllowed(one, put(asked, loose));
      if (noticed) break;
    }
    if (!noticed) surprise(title, `no case notices ${what}: ${name}`);
  }
}

/** The same for what a role may do. */
async function proveRoleTight(title, who, { denied, asking }) {
  const cases = denied.map((one) => [one, asking(one)]);
  const { policies } = asking({ action: '' });
  for (const [index, policy] of policies.entries()) {
    await proveTight(title, who, policy, cases, (asked, loose) => ({
      ...asked,
      policies: asked.policies.map((each, at) => (at === index ? loose : each)),
    }));
  }
}

/** The same for whom roles trust, and whom queues, the bus and the function let in. */
async function proveDoorsTight(title, stack, judged) {
  const cases = judged.flatMap(({ denied, asking }) => denied.map((one) => [one, asking(one)]));
  const doors = [
    ...Object.entries(stack.roles).map(([name, { trust }]) => [`the trust of ${name}`, trust]),
    ...Object.entries(stack.resources),
  ];
  for (const [name, policy] of doors) {
    const here = cases.filter(([, { resourcePolicy }]) => resourcePolicy === policy);
    await proveTight(title, name, policy, here, (asked, loose) => ({ ...asked, resourcePolicy: loose }));
  }
}

/** Each action that a role is allowed must be asked for by some case, in whatever deployment. */
function proveNeeded(title, who, policies, cases) {
  const granted = policies.flatMap((policy) => policy.Statement).flatMap(({ Action }) => Action);
  const asked = new Set(cases.map(({ action }) => action));
  for (const action of granted.filter((each) => !asked.has(each))) {
    surprise(title, `${who} may ${action}, which no case needs`);
  }
}

async function judgeStack(title, templateOf, parametersOf, place) {
  for (const deployment of Object.keys(deployments)) {
    const where = `${title}, ${deployment}, ${place.partition}`;
    const stack = functionStack(templateOf(deployment, place), place, moved(parametersOf(deployment), config.place, place), config.names);
    const given = requests.filter((request) => request.deployment === deployment);
    for (const request of given) {
      const role = roleOf(request);
      if (role !== 'function') continue;
      await judge(where, { who: role, allowed: [request], denied: [] }, deployment, stack, place);
    }
    if (!(deployment in config.deployments)) continue;
    const judged = [];
    for (const group of CASES) judged.push(await judge(where, group, deployment, stack, place));
    // What was tight here is tight everywhere.
    if (place !== config.place) continue;
    for (const [index, { who, allowed }] of CASES.entries()) {
      if (!(who in stack.roles)) continue;
      await proveRoleTight(where, who, judged[index]);
      proveNeeded(where, who, stack.roles[who].policies, allowed);
    }
    await proveDoorsTight(where, stack, judged);
  }
}

/** Who made a request of the file: the function, or the function as a role that it assumed. */
function roleOf({ as, action }) {
  if (!as || as === 'function') return 'function';
  return action.startsWith('route53:') ? 'zones' : 'certificates';
}

async function judgeRoles() {
  for (const [who, { template, resource, account, name, deployments: settings }] of Object.entries(config.roles)) {
    const path = join(root, template);
    if (!existsSync(path)) {
      console.log(`There is no ${template}: its role is NOT judged.`);
      continue;
    }
    const source = load(path);
    for (const [deployment, parameters] of Object.entries(settings)) {
      const place = { ...config.place, account };
      const where = `${template}, ${deployment}`;
      const role = roleStack(source, place, parameters, resource, name);
      const stack = { roles: { [who]: role }, resources: {}, rules: [] };
      const group = ROLE_CASES.find((each) => each.who === who);
      const cases = await judge(where, group, deployment, stack, place);
      await proveRoleTight(where, who, cases);
      proveNeeded(where, who, role.policies, group.allowed);
      if (deployment === 'plain') {
        const given = requests.filter((request) => roleOf(request) === who);
        await judge(where, { who, allowed: given, denied: [] }, deployment, stack, place);
      }
      for (const [names, expected] of [[TRUST.allowed, true], [TRUST.denied, false]]) {
        for (const asker of names) {
          total[expected ? 'allowed' : 'denied'] += 1;
          const principal = `arn:aws:iam::${config.place.account}:role/${asker}`;
          const asked = { principal, account, policies: [everything], resourcePolicy: role.trust };
          if ((await isAllowed({ action: 'sts:AssumeRole', resource: role.arn }, asked)) !== expected) {
            surprise(where, `${asker} is ${expected ? 'not ' : ''}trusted`);
          }
        }
      }
    }
  }
}

const pascal = (settings) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key[0].toUpperCase() + key.slice(1), value]));

const cdk = (deployment, { partition }) =>
  JSON.parse(readFileSync(join(synthesized, `${deployment}-${partition}.json`), 'utf8'));
const sources = [
  ['CDK', cdk, () => ({})],
  ...(options.template ?? []).map((path) => {
    const template = load(path);
    return [path.split('/').at(-1), () => template, (deployment) => pascal(deployments[deployment])];
  }),
];
for (const [title, templateOf, parametersOf] of sources) {
  const before = { ...total };
  for (const place of [config.place, config.elsewhere]) await judgeStack(title, templateOf, parametersOf, place);
  report(title, before);
}
const before = { ...total };
await judgeRoles();
report('roles of other accounts', before);

function report(title, from) {
  const { allowed, denied, weakened: loose } = Object.fromEntries(
    Object.entries(total).map(([key, value]) => [key, value - from[key]]),
  );
  console.log(`${title}: ${allowed} requests allowed, ${denied} denied, ${loose} ways to loosen a policy noticed`);
}
console.log(`${total.allowed + total.denied + total.weakened - surprises} passed, ${surprises} failed`);
process.exitCode = surprises > 0 ? 1 : 0;
