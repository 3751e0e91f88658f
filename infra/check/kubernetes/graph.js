// Does what kro does: reads a ResourceGraphDefinition, and creates an instance's resources one after the other.
import { Environment, parse } from '@marcbachmann/cel-js';
import { problemsOf, schemaOf, validator } from './kinds.js';

// Values are evaluated without types, which are checked before.
const untyped = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

/** kro's SimpleSchema, as far as the graph uses it: `type | marker=value …`. */
export function schemaOfField(text) {
  const [type, ...rest] = text.split('|').map((part) => part.trim());
  const markers = Object.fromEntries(
    [...rest.join(' ').matchAll(/(\w+)=("[^"]*"|\[[^\]]*\]|\S+)/g)].map(([, name, value]) => [name, JSON.parse(value.replaceAll("'", '"'))]),
  );
  const unknown = Object.keys(markers).filter((name) => !['default', 'description', 'enum', 'immutable', 'required'].includes(name));
  if (unknown.length > 0) throw new Error(`unknown marker ${unknown.join(', ')}`);
  const item = type.replace(/^\[\]/, '');
  if (!['boolean', 'integer', 'string'].includes(item)) throw new Error(`unknown type ${type}`);
  const schema = { type: item, ...(markers.enum && { enum: markers.enum.split(',') }) };
  return {
    ...markers,
    schema: type.startsWith('[]') ? { type: 'array', items: schema } : schema,
  };
}

/** The graph's own kind, as an entry of schemas.json; and its fields. */
export function kindOf(graph) {
  const { group = 'kro.run', apiVersion, kind, spec } = graph.spec.schema;
  const fields = Object.fromEntries(Object.entries(spec).map(([name, text]) => [name, schemaOfField(text)]));
  const schema = {
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { const: `${group}/${apiVersion}` },
      kind: { const: kind },
      metadata: { $ref: '#/$defs/metadata' },
      spec: {
        type: 'object',
        additionalProperties: false,
        required: Object.keys(fields).filter((name) => fields[name].required),
        properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema])),
      },
    },
  };
  return { name: `${group}/${apiVersion} ${kind}`, fields, schema };
}

/** An instance as the API server stores it. */
export function withDefaults(instance, fields) {
  const defaults = Object.entries(fields).filter(([, field]) => 'default' in field);
  return { ...instance, spec: { ...Object.fromEntries(defaults.map(([name, field]) => [name, field.default])), ...instance.spec } };
}

/** `text`, `${expression}`, `text ${expression} text`: the parts, expressions marked. */
function partsOf(text) {
  const parts = [];
  let rest = text;
  for (;;) {
    const at = rest.indexOf('${');
    if (at < 0) break;
    let depth = 0;
    let end = at + 1;
    for (let quote; end < rest.length; end += 1) {
      const letter = rest[end];
      if (quote) quote = letter === quote ? undefined : quote;
      else if (letter === '"' || letter === "'") quote = letter;
      else if (letter === '{') depth += 1;
      else if (letter === '}' && (depth -= 1) === 0) break;
    }
    if (depth !== 0) throw new Error(`no end: ${text}`);
    if (at > 0) parts.push({ text: rest.slice(0, at) });
    parts.push({ expression: rest.slice(at + 2, end) });
    rest = rest.slice(end + 1);
  }
  return rest ? [...parts, { text: rest }] : parts;
}

/** Every string in a value. */
function* strings(value) {
  if (typeof value === 'string') yield value;
  else if (value && typeof value === 'object') for (const item of Object.values(value)) yield* strings(item);
}

/** Every expression in a value. */
export function expressionsIn(value) {
  return [...strings(value)].flatMap(partsOf).flatMap(({ expression }) => (expression === undefined ? [] : [expression]));
}

/** What an expression refers to: `schema.spec.port` as ['schema', 'spec', 'port']. Calls of functions are cut off. */
export function referencesOf(expression) {
  const bare = expression.replace(/"[^"]*"|'[^']*'/g, '""');
  const bound = new Set([...bare.matchAll(/\.(?:all|exists|filter|map)\((\w+),/g)].map(([, name]) => name));
  return [...bare.matchAll(/(?<![\w.])([a-zA-Z_]\w*)((?:\.\w+|\[\d+\])*)(\()?/g)]
    .filter(([, root, path, call]) => !bound.has(root) && !['true', 'false', 'null'].includes(root) && !(call && path === ''))
    .map(([, root, path, call]) => {
      const steps = [...path.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
      return [root, ...(call ? steps.slice(0, -1) : steps)];
    });
}

/** Everything that kro would refuse of a graph when it is applied. */
export function problemsOfGraph(graph) {
  const problems = problemsOf(graph);
  if (problems.length > 0) return problems;
  const { resources, schema } = graph.spec;
  const own = kindOf(graph);
  const kinds = { schema: own.schema };
  for (const { id, template } of resources) {
    if (id in kinds) problems.push(`two resources are called ${id}`);
    kinds[id] = schemaOf(template);
    if (!kinds[id]) problems.push(`${id} is of an unknown kind: ${template.apiVersion} ${template.kind}`);
  }
  if (problems.length > 0) return problems;
  const types = typed(kinds);
  const check = (where, value, allowed, wanted = undefined) => {
    for (const expression of expressionsIn(value)) {
      try {
        parse(expression);
      } catch (error) {
        problems.push(`${where}: ${expression} is no expression: ${error.message.split('\n')[0]}`);
        continue;
      }
      const unknown = problems.length;
      for (const [root, ...path] of referencesOf(expression)) {
        if (!allowed.includes(root)) problems.push(`${where} must not refer to ${root}: ${expression}`);
        else if (!exists(kinds[root], path)) problems.push(`${where}: there is no ${[root, ...path].join('.')}`);
      }
      if (problems.length > unknown) continue;
      const { valid, type, error } = types.check(expression);
      if (!valid) problems.push(`${where}: ${error.message.split('\n')[0]}`);
      else if (wanted && type !== 'dyn' && !fits(type, wanted)) problems.push(`${where}: ${expression} is a ${type}, not a ${wanted}`);
    }
  };
  const checkTemplate = (where, value, schema, allowed) => {
    if (typeof value === 'string') {
      const alone = partsOf(value).length === 1;
      check(where, value, allowed, alone && schema?.type ? celType(schema) : 'string');
    } else if (value && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) {
        checkTemplate(`${where}.${key}`, item, schema?.items ?? schema?.properties?.[key], allowed);
      }
    }
  };
  const ids = resources.map(({ id }) => id);
  check('status', schema.status, ids);
  for (const { id, includeWhen, readyWhen, template } of resources) {
    check(`readyWhen of ${id}`, readyWhen, [id], 'bool');
    check(`includeWhen of ${id}`, includeWhen, ['schema'], 'bool');
    checkTemplate(id, template, kinds[id], ['schema', ...ids.filter((other) => other !== id)]);
    // An input that sets an immutable field must be immutable too.
    for (const field of immutableOf(template)) {
      for (const [root, , name] of expressionsIn(template.spec?.[field]).flatMap(referencesOf)) {
        if (root === 'schema' && !own.fields[name]?.immutable) {
          problems.push(`${name} must be immutable: ${field} of ${id} is`);
        }
      }
    }
  }
  return problems;
}

/** An environment that knows the types of the graph's input and resources, as kro does. */
function typed(kinds) {
  const environment = new Environment({ unlistedVariablesAreDyn: false });
  for (const [name, schema] of Object.entries(kinds)) environment.registerVariable({ name, schema: celType(schema) });
  return environment;
}

/** A JSON schema's type in CEL. */
function celType(schema) {
  if (schema.$ref) return celType(schemaOf(schema.$ref));
  if (schema.properties) {
    return Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, celType(field)]));
  }
  if (schema.enum || schema.const) return 'string';
  const item = schema.items && celType(schema.items);
  const simple = { boolean: 'bool', integer: 'int', object: 'map', string: 'string' };
  return schema.type === 'array' ? `list<${typeof item === 'string' ? item : 'dyn'}>` : (simple[schema.type] ?? 'dyn');
}

/** A list of maps fills a list of objects: kro compares their fields when they are made. */
const fits = (type, wanted) => type === wanted || (wanted === 'list<dyn>' && type.startsWith('list<'));

const immutableOf = (template) => validator(template)?.immutable ?? [];

function exists(schema, path) {
  let at = schema;
  for (const step of path) {
    if (!at) return false;
    if (at.$ref) at = schemaOf(at.$ref);
    at = typeof step === 'number' ? at.items : at.properties?.[step];
  }
  return at !== undefined;
}

/**
 * Creates the resources of an instance as far as possible: a resource is created when all that it refers to is ready.
 * `answers` are the controllers: id and resource to status.
 */
export function play(graph, instance, answers) {
  const { resources, schema } = graph.spec;
  const made = {};
  const ready = new Set(['schema']);
  const scope = () => ({ schema: instance, ...made });
  for (let progress = true; progress; ) {
    progress = false;
    for (const { id, readyWhen = [], template } of resources.filter((each) => !(each.id in made))) {
      const needs = expressionsIn(template).flatMap(referencesOf).map(([root]) => root);
      if (!needs.every((root) => ready.has(root))) continue;
      made[id] = render(template, scope());
      const status = answers(id, made[id]);
      if (status) made[id] = { ...made[id], status };
      if (readyWhen.every((text) => render(text, { [id]: made[id] }) === true)) ready.add(id);
      progress = true;
    }
  }
  const status = Object.entries(schema.status ?? {}).flatMap(([name, text]) => {
    try {
      return [[name, render(text, scope())]];
    } catch {
      return []; // Not known yet.
    }
  });
  return { made, status: Object.fromEntries(status) };
}

/** A value with its expressions evaluated. One expression alone may have any type; among text it must be text. */
export function render(value, scope) {
  if (Array.isArray(value)) return value.map((item) => render(item, scope));
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, render(item, scope)]));
  }
  if (typeof value !== 'string') return value;
  const parts = partsOf(value);
  const results = parts.map(({ text, expression }) => (expression === undefined ? text : plain(untyped.evaluate(expression, scope))));
  if (parts.length === 1) return results[0];
  if (results.some((result) => typeof result !== 'string')) throw new Error(`not all text: ${value}`);
  return results.join('');
}

function plain(value) {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value;
}
