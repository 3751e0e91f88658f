// Reads CloudFormation templates, JSON or YAML, and resolves what they refer to.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A template; `!Sub x` reads as {"Fn::Sub": "x"}, as in JSON. */
export function load(path) {
  const functions = [
    'And', 'Base64', 'Cidr', 'Condition', 'Equals', 'FindInMap', 'GetAtt', 'GetAZs', 'If', 'ImportValue', 'Join', 'Not',
    'Or', 'Ref', 'Select', 'Split', 'Sub', 'Transform',
  ];
  const long = (name) => (['Condition', 'Ref'].includes(name) ? name : `Fn::${name}`);
  const customTags = functions.flatMap((name) => [
    {
      tag: `!${name}`,
      resolve: (text) => ({ [long(name)]: name === 'GetAtt' ? split(text, '.') : text }),
    },
    ...['seq', 'map'].map((collection) => ({
      tag: `!${name}`,
      collection,
      resolve: (node) => ({ [long(name)]: node.toJSON() }),
    })),
  ]);
  return parse(readFileSync(path, 'utf8'), { customTags, logLevel: 'error' });
}

/** What a template says once its parameters, its place and its resources' names are known. */
export class Resolver {
  /**
   * `place` has account, partition and region; `parameters` override defaults; `names` are physical names
   * by logical id, where the logical id will not do.
   */
  constructor(template, place, parameters = {}, names = {}) {
    this.template = template;
    this.place = place;
    this.names = names;
    const declared = template.Parameters ?? {};
    const unknown = Object.keys(parameters).filter((name) => !(name in declared));
    if (unknown.length > 0) throw new Error(`the template has no parameter ${unknown.join(', ')}`);
    this.parameters = Object.fromEntries(
      Object.entries(declared).map(([name, { Type, Default }]) => {
        const value = parameters[name] ?? Default;
        const list = Type === 'CommaDelimitedList' || Type.startsWith('List<');
        return [name, list && typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value];
      }),
    );
  }

  /** A value without intrinsic functions. What is AWS::NoValue is left out. */
  resolve(value) {
    if (Array.isArray(value)) {
      return value.map((item) => this.resolve(item)).filter((item) => item !== undefined);
    }
    if (value === null || typeof value !== 'object') return value;
    const [[name, argument] = [], ...others] = Object.entries(value);
    if (others.length === 0 && (name === 'Ref' || name?.startsWith('Fn::'))) return this.call(name, argument);
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, this.resolve(item)])
        .filter(([, item]) => item !== undefined),
    );
  }

  /** The resources that are made, by logical id. */
  resources(type) {
    return Object.entries(this.template.Resources)
      .filter(([, resource]) => !type || [type].flat().includes(resource.Type))
      .filter(([, resource]) => !resource.Condition || this.condition(resource.Condition))
      .map(([id, resource]) => ({ id, type: resource.Type, properties: resource.Properties ?? {} }));
  }

  condition(condition) {
    if (typeof condition === 'string') {
      const definition = this.template.Conditions?.[condition];
      if (definition === undefined) throw new Error(`the template has no condition ${condition}`);
      return this.condition(definition);
    }
    const [[name, argument]] = Object.entries(condition);
    switch (name) {
      case 'Condition':
        return this.condition(argument);
      case 'Fn::And':
        return argument.every((each) => this.condition(each));
      case 'Fn::Or':
        return argument.some((each) => this.condition(each));
      case 'Fn::Not':
        return !this.condition(argument[0]);
      case 'Fn::Equals': {
        const [left, right] = argument.map((each) => this.resolve(each));
        return String(left) === String(right);
      }
      default:
        throw new Error(`no condition: ${name}`);
    }
  }

  call(name, argument) {
    switch (name) {
      case 'Ref':
        return this.ref(argument);
      case 'Fn::GetAtt':
        return this.attribute(...(typeof argument === 'string' ? split(argument, '.') : argument));
      case 'Fn::If':
        return this.resolve(argument[this.condition(argument[0]) ? 1 : 2]);
      case 'Fn::Join':
        return this.resolve(argument[1]).join(argument[0]);
      case 'Fn::Select':
        return this.resolve(argument[1])[this.resolve(argument[0])];
      case 'Fn::Split':
        return this.resolve(argument[1]).split(argument[0]);
      case 'Fn::Sub': {
        const [text, variables] = typeof argument === 'string' ? [argument, {}] : argument;
        return text.replace(/\$\{([^!}][^}]*)\}/g, (_, key) => {
          if (key in variables) return this.resolve(variables[key]);
          return key.includes('.') ? this.attribute(...split(key, '.')) : this.ref(key);
        });
      }
      default:
        throw new Error(`cannot resolve ${name}`);
    }
  }

  ref(name) {
    const { account, partition, region } = this.place;
    const pseudo = {
      'AWS::AccountId': account,
      'AWS::NoValue': undefined,
      'AWS::Partition': partition,
      'AWS::Region': region,
      'AWS::StackName': 'acm-dns-validator',
      'AWS::URLSuffix': partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
    };
    if (name in pseudo) return pseudo[name];
    if (name in this.parameters) return this.parameters[name];
    return this.name(name);
  }

  name(id) {
    if (!(id in this.template.Resources)) throw new Error(`the template has neither parameter nor resource ${id}`);
    return this.names[id] ?? id;
  }

  attribute(id, attribute) {
    const { account, partition, region } = this.place;
    const name = this.name(id);
    const { Type } = this.template.Resources[id];
    const here = (service) => `arn:${partition}:${service}:${region}:${account}`;
    const arns = {
      'AWS::Events::Rule': () => `${here('events')}:rule/${name}`,
      'AWS::IAM::Role': () => `arn:${partition}:iam::${account}:role/${name}`,
      'AWS::Lambda::Function': () => `${here('lambda')}:function:${name}`,
      'AWS::Logs::LogGroup': () => `${here('logs')}:log-group:${name}:*`,
      'AWS::SQS::Queue': () => `${here('sqs')}:${name}`,
      'AWS::Scheduler::ScheduleGroup': () => `${here('scheduler')}:schedule-group/${name}`,
      'AWS::Serverless::Function': () => `${here('lambda')}:function:${name}`,
    };
    if (attribute === 'QueueName' && Type === 'AWS::SQS::Queue') return name;
    if (attribute !== 'Arn' || !(Type in arns)) throw new Error(`cannot resolve ${attribute} of a ${Type}`);
    return arns[Type]();
  }
}

function split(text, separator) {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
