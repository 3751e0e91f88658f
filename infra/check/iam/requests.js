// Reads the requests that the function really makes.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Requests of a JSON array, or one a line: action, resource, conditions, and optionally
 *
 * - `as`: the ARN of the role the function had assumed,
 * - `settings`: the function's environment variables, where the deployment `whole` does not fit.
 */
export function readRequests(path) {
  const text = readFileSync(path, 'utf8').trim();
  const found = text.startsWith('[') ? JSON.parse(text) : text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  if (found.length === 0) throw new Error(`${path} holds no request`);
  return found.map((request) => {
    const { action, resource, conditions = {}, as, settings } = request;
    if (typeof action !== 'string' || typeof resource !== 'string') {
      throw new Error(`not a request: ${JSON.stringify(request)}`);
    }
    const extra = settings && Object.keys(settings).length > 0 ? contextOf(settings) : undefined;
    return { why: 'a call of the function', action, resource, conditions, as, extra, deployment: nameOf(extra) };
  });
}

/** The deployments of the cases, and one for each set of settings that requests ask for. */
export function deploymentsOf(known, requests) {
  const asked = requests.filter(({ extra }) => extra).map(({ extra, deployment }) => [deployment, extra]);
  return { ...known, ...Object.fromEntries(asked) };
}

const nameOf = (extra) =>
  extra ? `as-asked-${createHash('sha256').update(JSON.stringify(extra)).digest('hex').slice(0, 12)}` : 'whole';

/** In another partition and region everything is the same but the names. */
export function moved(value, from, to) {
  const text = JSON.stringify(value).replaceAll(`arn:${from.partition}:`, `arn:${to.partition}:`);
  return JSON.parse(text.replaceAll(from.region, to.region));
}

/** HOSTED_ZONE_ROLE_ARNS is hostedZoneRoleArns. The group and the role are the stack's own. */
function contextOf(settings) {
  const camel = (name) => name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([name]) => !name.startsWith('SCHEDULE_'))
      .map(([name, value]) => [camel(name), String(value)])
      .sort(),
  );
}
