// Decides requests to IAM by the policies that `run` has worked out: simulate.js INPUT
import { readFileSync } from 'node:fs';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { CASES, ROLE_CASES, TRUST } from './cases.js';

const { cases: KNOWN, place: PLACE, requests, roles, sources } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

let failed = 0;
const total = { allowed: 0, denied: 0, weakened: 0 };

/** The same in another partition and region. */
function moved(value, to) {
  const text = JSON.stringify(value).replaceAll(`arn:${PLACE.partition}:`, `arn:${to.partition}:`);
  return JSON.parse(text.replaceAll(PLACE.region, to.region));
}

/** Whether IAM allows a request. It throws if IAM does not know such a request: then the case is wrong. */
async function isAllowed({ action, resource, conditions = {} }, { principal, account, policies, resourcePolicy }) {
  const simulation = {
    request: {
      principal,
      action,
      // The account of the caller: a resource of another account is treated as if that account allowed the request.
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

/** For each request: the caller, its policies, and the policy of the resource. */
function callerOf(who, stack, place) {
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
    // A role that is assumed trusts whomever our own policy allows to assume it.
    resourcePolicy: one.action.startsWith('sts:') ? openTo(place.account, place.partition) : stack.resources[one.resource],
  });
}

async function simulate(title, group, deployment, stack, place) {
  const fits = ({ deployments: only }) => !only || only.includes(deployment);
  const rules = (text) => text.replace(/^rule-(\d)$/, (_, index) => stack.rules[index]);
  const prepare = (cases) =>
    cases.filter(fits).map((one) => {
      const conditions = Object.entries(one.conditions ?? {}).map(([key, values]) => [key, shape(key, values.map(rules))]);
      return { ...moved(one, place), conditions: moved(Object.fromEntries(conditions), place) };
    });
  const callerFor = callerOf(group.who, stack, place);
  const [allowed, denied] = [prepare(group.allowed), prepare(group.denied)];
  for (const [cases, expected] of [[allowed, true], [denied, false]]) {
    for (const one of cases) {
      total[expected ? 'allowed' : 'denied'] += 1;
      if ((await isAllowed(one, callerFor(one))) !== expected) {
        fail(title, `${group.who} is ${expected ? 'denied' : 'allowed'} ${one.action} on ${one.resource}: ${one.why}`, one.conditions);
      }
    }
  }
  return { allowed, denied, callerFor };
}

/** Some condition keys have one value, the others have a list. */
function shape(key, values) {
  const many = key.startsWith('route53:') || key === 'events:source';
  if (!many && values.length !== 1) throw new Error(`${key} has one value`);
  return many ? values : values[0];
}

function fail(title, text, conditions = {}) {
  failed += 1;
  console.log(`FAILED  ${title}: ${text} ${JSON.stringify(conditions)}`);
}

const PINNED = ['route53:ChangeResourceRecordSets', 'iam:PassRole', 'events:PutEvents'];

/** A policy weakened in one place: one condition less, any resource, or any action of the service. */
function* weakened(policy) {
  for (const [index, statement] of policy.Statement.entries()) {
    const sid = statement.Sid ?? `statement ${index}`;
    const using = (change) => ({
      ...policy,
      Statement: policy.Statement.flatMap((each, at) => (at === index ? change : [each])),
    });
    if (statement.Effect === 'Deny') {
      yield [`${sid} left out`, using([])];
      for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
        // One pattern less denies less, unless the statement denies what is not like its patterns.
        const lists = operator.includes('Not') ? [] : Object.entries(keys).filter(([, values]) => Array.isArray(values));
        for (const [key, values] of lists) {
          for (const value of values) {
            const Condition = { ...statement.Condition, [operator]: { ...keys, [key]: values.filter((other) => other !== value) } };
            yield [`${sid} without ${value}`, using([{ ...statement, Condition }])];
          }
        }
      }
      continue;
    }
    for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
      for (const key of Object.keys(keys)) {
        const rest = Object.fromEntries(Object.entries(keys).filter(([other]) => other !== key));
        const { [operator]: _, ...others } = statement.Condition;
        const left = Object.keys(rest).length > 0 ? { ...others, [operator]: rest } : others;
        const { Condition: __, ...bare } = statement;
        const weaker = Object.keys(left).length > 0 ? { ...bare, Condition: left } : bare;
        yield [`${sid} without ${operator} ${key}`, using([weaker])];
      }
    }
    // The policy of a resource is about that resource only, and its conditions limit the callers.
    if (statement.Principal) continue;
    const actions = [statement.Action].flat();
    const resources = [statement.Resource].flat();
    // Conditions on keys that no other call has exclude the other calls.
    if (!actions.some((action) => PINNED.includes(action))) {
      const service = actions[0].split(':')[0];
      yield [`${sid} with ${service}:*`, using([{ ...statement, Action: `${service}:*` }])];
    }
    // Changes of records are always about hosted zones.
    const all = actions.includes('route53:ChangeResourceRecordSets') && resources.some((each) => each.endsWith('/*'));
    if (!all && !resources.includes('*')) {
      yield [`${sid} for every resource`, using([{ ...statement, Resource: '*' }])];
    }
  }
}

/** Weakens a policy in one place after the other: each time some case must fail. `put` gives a case the weaker policy. */
async function checkLimits(title, what, policy, cases, put) {
  for (const [name, weaker] of weakened(policy)) {
    total.weakened += 1;
    let detected = false;
    for (const [one, caller] of cases) {
      detected = await isAllowed(one, put(caller, weaker));
      if (detected) break;
    }
    if (!detected) fail(title, `no case detects ${what}: ${name}`);
  }
}

/** The same for the permissions of a role. */
async function checkRoleLimits(title, who, { denied, callerFor }) {
  const cases = denied.map((one) => [one, callerFor(one)]);
  const { policies } = callerFor({ action: '' });
  for (const [index, policy] of policies.entries()) {
    await checkLimits(title, who, policy, cases, (caller, weaker) => ({
      ...caller,
      policies: caller.policies.map((each, at) => (at === index ? weaker : each)),
    }));
  }
}

/** The same for the trust of roles, and for the policies of queues, of the event bus and of the function. */
async function checkResourceLimits(title, stack, results) {
  const cases = results.flatMap(({ denied, callerFor }) => denied.map((one) => [one, callerFor(one)]));
  const policies = [
    ...Object.entries(stack.roles).map(([name, { trust }]) => [`the trust of ${name}`, trust]),
    ...Object.entries(stack.resources),
  ];
  for (const [name, policy] of policies) {
    const here = cases.filter(([, { resourcePolicy }]) => resourcePolicy === policy);
    await checkLimits(title, name, policy, here, (caller, weaker) => ({ ...caller, resourcePolicy: weaker }));
  }
}

/** Some case must need each action that a role is allowed, in any deployment. */
function checkNeed(title, who, policies, cases) {
  const granted = policies.flatMap((policy) => policy.Statement).flatMap(({ Action }) => Action);
  const needed = new Set(cases.map(({ action }) => action));
  for (const action of granted.filter((each) => !needed.has(each))) {
    fail(title, `${who} may ${action}, which no case needs`);
  }
}

async function simulateStack(title, stack) {
  const { deployment, place } = stack;
  const where = `${title}, ${deployment}, ${place.partition}`;
  const given = requests.filter((request) => request.deployment === deployment && roleOf(request) === 'function');
  await simulate(where, { who: 'function', allowed: given, denied: [] }, deployment, stack, place);
  if (!KNOWN.includes(deployment)) return;
  const results = [];
  for (const group of CASES) results.push(await simulate(where, group, deployment, stack, place));
  // In the other partition the limits are the same.
  if (place.partition !== PLACE.partition) return;
  for (const [index, { who, allowed }] of CASES.entries()) {
    if (!(who in stack.roles)) continue;
    await checkRoleLimits(where, who, results[index]);
    checkNeed(where, who, stack.roles[who].policies, allowed);
  }
  await checkResourceLimits(where, stack, results);
}

/** The caller of a request of the file: the function, or a role that it had assumed. */
function roleOf({ as, action }) {
  if (!as || as === 'function') return 'function';
  return action.startsWith('route53:') ? 'zones' : 'certificates';
}

async function simulateRole({ who, template, deployment, account, role }) {
  const place = { ...PLACE, account };
  const where = `${template}, ${deployment}`;
  const stack = { roles: { [who]: role }, resources: {}, rules: [] };
  const group = ROLE_CASES.find((each) => each.who === who);
  const result = await simulate(where, group, deployment, stack, place);
  await checkRoleLimits(where, who, result);
  checkNeed(where, who, role.policies, group.allowed);
  if (deployment === 'plain') {
    const given = requests.filter((request) => roleOf(request) === who);
    await simulate(where, { who, allowed: given, denied: [] }, deployment, stack, place);
  }
  for (const [names, expected] of [[TRUST[who].allowed, true], [TRUST[who].denied, false]]) {
    for (const name of names) {
      total[expected ? 'allowed' : 'denied'] += 1;
      const principal = `arn:aws:iam::${PLACE.account}:role/${name}`;
      const caller = { principal, account, policies: [everything], resourcePolicy: role.trust };
      if ((await isAllowed({ action: 'sts:AssumeRole', resource: role.arn }, caller)) !== expected) {
        fail(where, `${name} is ${expected ? 'not ' : ''}trusted`);
      }
    }
  }
}

async function report(title, run) {
  const before = { ...total };
  await run();
  const [allowed, denied, weaker] = ['allowed', 'denied', 'weakened'].map((key) => total[key] - before[key]);
  console.log(`${title}: ${allowed} requests allowed, ${denied} denied, ${weaker} weakened policies detected`);
}

for (const [title, stacks] of Object.entries(sources)) {
  await report(title, async () => {
    for (const stack of stacks) await simulateStack(title, stack);
  });
}
await report('roles of other accounts', async () => {
  for (const role of roles) await simulateRole(role);
});
const cases = total.allowed + total.denied + total.weakened;
console.log(`${cases} cases, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
