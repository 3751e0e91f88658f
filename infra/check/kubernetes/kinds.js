// The kinds of schemas.json, and those that graphs define.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';

const { kinds, $defs } = JSON.parse(readFileSync(join(import.meta.dirname, 'schemas.json'), 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false, unicodeRegExp: true });
const known = new Map();
for (const [name, { immutable, schema }] of Object.entries(kinds)) add(name, schema, immutable);

/** Adds a kind: that of a graph, once it is applied. */
export function add(name, schema, immutable = []) {
  known.set(name, { immutable, schema, validate: ajv.compile({ ...schema, $defs }) });
}

/** The entry of a resource's kind. */
export const validator = ({ apiVersion, kind }) => known.get(`${apiVersion} ${kind}`);

/** The schema of a resource's kind, or what `#/$defs/x` refers to. */
export const schemaOf = (what) => (typeof what === 'string' ? $defs[what.split('/').at(-1)] : validator(what)?.schema);

/** The problems of a resource, by the schema of its kind. */
export function problemsOf(resource) {
  const kind = validator(resource);
  if (!kind) return [`the kind is unknown: ${resource?.apiVersion} ${resource?.kind}`];
  if (kind.validate(resource)) return [];
  return kind.validate.errors.map(({ instancePath, message, params }) =>
    [instancePath || '/', message, params.additionalProperty ?? params.allowedValues?.join(', ') ?? ''].join(' ').trim(),
  );
}
