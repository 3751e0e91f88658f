// Prints the context of each CDK deployment as JSON: deployments.js REQUESTS
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deploymentsOf, moved, readRequests } from './requests.js';

const { deployments, elsewhere, place } = JSON.parse(readFileSync(join(import.meta.dirname, 'deployments.json'), 'utf8'));
const code = join(import.meta.dirname, '../../cdk/test/bootstrap');
const here = deploymentsOf(deployments, readRequests(process.argv[2]));
const contexts = [place, elsewhere].flatMap((to) =>
  Object.entries(moved(here, place, to)).map(([name, context]) => [`${name}-${to.partition}`, { code, ...context }]),
);
console.log(JSON.stringify(Object.fromEntries(contexts)));
