// Checks the manifests of infra/kubernetes without a cluster.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { kindOf, play, problemsOfGraph, withDefaults } from './graph.js';
import { add, problemsOf } from './kinds.js';

const root = join(import.meta.dirname, '../../..');
const directory = join(root, 'infra/kubernetes');
let passed = 0;
let failed = 0;

function check(what, problems) {
  if (problems.length === 0) {
    passed += 1;
    console.log(`ok      ${what}`);
  } else {
    failed += 1;
    console.log(`FAILED  ${what}${problems.map((problem) => `\n          ${problem}`).join('')}`);
  }
}
const same = (found, expected) =>
  isDeepStrictEqual(found, expected) ? [] : [`found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`];

const manifests = Object.fromEntries(
  readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [name, parseAllDocuments(readFileSync(join(directory, name), 'utf8')).map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })]),
);
const [graph] = manifests['ingress-triangle.yaml'];
const [certificate] = manifests['certificate.yaml'];
const [shop] = manifests['shop.yaml'];
const copy = (value, change) => {
  const copied = structuredClone(value);
  change(copied);
  return copied;
};

// Each file, by the schema of its kind. The graph defines the last kind.
check('ingress-triangle.yaml is a graph that kro accepts', problemsOfGraph(graph));
const own = kindOf(graph);
add(own.name, own.schema);
for (const [name, documents] of Object.entries(manifests)) {
  for (const document of documents) check(`${name} is a ${document.kind}`, problemsOf(document));
}
const kinds = JSON.stringify(manifests).match(/"kind":"(\w+)"/g);
check('no manifest has a RecordSet', kinds.filter((kind) => kind.includes('RecordSet')));

// The tag that the function reads, from its source.
const source = readdirSync(join(root, 'src'), { recursive: true })
  .filter((name) => name.endsWith('.rs'))
  .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
  .join();
const [[, tag], ...others] = source.matchAll(/HOSTED_ZONE_TAG: &str = "([^"]+)"/g);
if (others.length > 0) throw new Error('the function has more than one HOSTED_ZONE_TAG');
const zoneTags = (tags) => tags.filter(({ key }) => key === tag).map(({ value }) => value.split(' '));
check('the plain certificate names hosted zones by the tag that the function reads', [
  ...same(certificate.spec.tags.map(({ key }) => key), [tag]),
  ...zoneTags(certificate.spec.tags).flat().filter((id) => !/^Z[A-Z0-9]{1,31}$/.test(id)),
]);
check('the plain certificate names its domain among its names', same(certificate.spec.subjectAlternativeNames[0], certificate.spec.domainName));

// An instance from start to end, with simulated controllers.
const ARN = 'arn:aws:acm:eu-west-1:111122223333:certificate/0b6a4e4e-7f7c-4c39-9a53-2d3a0f1c8e11';
const HOST = 'k8s-shop-1234567890.eu-west-1.elb.amazonaws.com';
const controllers = (status) => (id) =>
  id === 'certificate'
    ? status && { status, ackResourceMetadata: { arn: ARN, ownerAccountID: '111122223333', region: 'eu-west-1' } }
    : { loadBalancer: { ingress: [{ hostname: HOST }] } };
const issued = controllers('ISSUED');
const stored = withDefaults(shop, own.fields);

const pending = play(graph, stored, controllers('PENDING_VALIDATION'));
check('the Ingress waits as long as the certificate is pending', same(Object.keys(pending.made), ['certificate']));
check('the status shows the certificate meanwhile', same(pending.status, { certificateARN: ARN, certificateStatus: 'PENDING_VALIDATION' }));
for (const status of ['FAILED', 'VALIDATION_TIMED_OUT', 'REVOKED']) {
  check(`there is no Ingress for a certificate that is ${status}`, same(Object.keys(play(graph, stored, controllers(status)).made), ['certificate']));
}
const done = play(graph, stored, issued);
check('the Ingress is created when the certificate is issued', same(Object.keys(done.made).sort(), ['certificate', 'ingress']));
for (const [id, resource] of Object.entries(done.made)) check(`the ${id} is one that its controller accepts`, problemsOf(resource));
check('the status shows everything then', same(done.status, { certificateARN: ARN, certificateStatus: 'ISSUED', loadBalancer: HOST }));
check('the certificate has every name, its domain first', same(done.made.certificate.spec.subjectAlternativeNames, [
  'shop.example.com', '*.shop.example.com', 'shop.example.net',
]));
check('the certificate has no tag if none is given', same(done.made.certificate.spec.tags, []));
check('the load balancer has the certificate', same(done.made.ingress.metadata.annotations['alb.ingress.kubernetes.io/certificate-arn'], ARN));
check('the names point to the load balancer', same(
  done.made.ingress.metadata.annotations['external-dns.alpha.kubernetes.io/hostname'],
  'shop.example.com,*.shop.example.com,shop.example.net',
));
check('the service is on the port that is the default', same(done.made.ingress.spec.rules[0].http.paths[0].backend.service, { name: 'shop', port: { number: 80 } }));

const least = play(graph, withDefaults(copy(shop, ({ spec }) => delete spec.alternativeNames), own.fields), issued);
check('one name is enough', [...same(least.made.certificate.spec.subjectAlternativeNames, ['shop.example.com']), ...problemsOf(least.made.certificate)]);
const tagged = copy(shop, ({ spec }) => (spec.hostedZoneIDs = 'Z1PA6795UKMFR9 Z2FDTNDATAQYW2'));
const zones = play(graph, withDefaults(tagged, own.fields), issued).made.certificate;
check('hosted zones can be named', [...same(zoneTags(zones.spec.tags), [['Z1PA6795UKMFR9', 'Z2FDTNDATAQYW2']]), ...problemsOf(zones)]);

// Mistakes are found.
const refused = (what, problems, expected) =>
  check(`refused: ${what}`, problems.some((problem) => problem.includes(expected)) ? [] : [`no problem says: ${expected}`, ...problems]);
const resource = (change) => problemsOfGraph(copy(graph, ({ spec }) => change(...spec.resources, spec.schema)));
refused('a field that ACK does not know', problemsOf(copy(certificate, ({ spec }) => (spec.hostedZoneID = 'Z1'))), 'hostedZoneID');
refused('tags as a map', problemsOf(copy(certificate, ({ spec }) => (spec.tags = { a: 'b' }))), '/spec/tags must be array');
refused('a name of 65 letters', problemsOf(copy(certificate, ({ spec }) => (spec.domainName = `${'a'.repeat(53)}.example.com`))), 'NOT have more than 64');
refused('a name that is a URL', problemsOf(copy(certificate, ({ spec }) => (spec.domainName = 'https://example.com'))), '/spec/domainName');
refused('an instance without a service', problemsOf(copy(shop, ({ spec }) => delete spec.service)), "'service'");
refused('a misspelt field of an instance', problemsOf(copy(shop, ({ spec }) => (spec.hostedZoneID = 'Z1'))), 'hostedZoneID');
refused('an expression that does not parse', resource((one) => (one.readyWhen = ['${certificate.status.status == }'])), 'no expression');
refused('a field that does not exist', resource((one) => (one.readyWhen = ['${certificate.status.state == "ISSUED"}'])), 'no certificate.status.state');
refused('a resource that does not exist', resource((_, two) => (two.template.spec.ingressClassName = '${service.metadata.name}')), 'must not refer to service');
refused('an input that does not exist', resource((_, two) => (two.template.spec.ingressClassName = '${schema.spec.className}')), 'no schema.spec.className');
refused('readiness that is not yes or no', resource((one) => (one.readyWhen = ['${certificate.status.status}'])), 'is a string, not a bool');
refused('text for a number', resource((_, two) => (two.template.spec.rules[0].http.paths[0].backend.service.port.number = '${schema.spec.service}')), 'is a string, not a int');
refused('a number for text', resource((_, two) => (two.template.metadata.annotations['alb.ingress.kubernetes.io/scheme'] = 'port-${schema.spec.port}')), 'is a int, not a string');
refused('one name for a list', resource((one) => (one.template.spec.subjectAlternativeNames = '${schema.spec.domainName}')), 'is a string, not a list<string>');
refused('readiness by another resource', resource((one) => (one.readyWhen = ['${ingress.status.loadBalancer.ingress[0].hostname != ""}'])), 'must not refer to ingress');
refused('an id with a dash', resource((one) => (one.id = 'my-certificate')), '/spec/resources/0/id');
refused('a status that kro reserves', resource((_, __, schema) => (schema.status.state = '${certificate.status.status}')), '/spec/schema/status');
refused('names that are not marked as immutable', resource((_, __, schema) => (schema.spec.domainName = 'string | required=true')), 'domainName must be immutable');
refused('a RecordSet', resource((one) => (one.template = { apiVersion: 'route53.services.k8s.aws/v1alpha1', kind: 'RecordSet', metadata: { name: 'x' } })), 'of an unknown kind');

console.log(`${passed + failed} cases, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
