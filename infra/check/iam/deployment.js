// Finds in a template who may do what: roles with their policies and trust, and the policies of resources.
import { Resolver } from './cloudformation.js';

const FUNCTIONS = ['AWS::Lambda::Function', 'AWS::Serverless::Function'];

/** Roles and resource policies of a stack with the function in it. Parts have the names that cases use. */
export function functionStack(template, place, parameters, names) {
  const bare = new Resolver(template, place, parameters);
  const [fn, ...more] = bare.resources(FUNCTIONS);
  if (!fn || more.length > 0) throw new Error('the template has no function, or more than one');
  // SAM would add policies of its own to the role that it makes.
  if (fn.properties.Policies || !fn.properties.Role) throw new Error('the function has no role of its own');
  const variables = fn.properties.Environment.Variables;
  const [mapping] = bare.resources('AWS::Lambda::EventSourceMapping');
  const [sweep, ...schedules] = bare.resources('AWS::Scheduler::Schedule');
  if (!sweep || schedules.length > 0) throw new Error('the template has no sweep, or other schedules');
  const invoke = bare.resources('AWS::Lambda::EventInvokeConfig')[0]?.properties ?? fn.properties.EventInvokeConfig;
  const logical = {
    function: fn.id,
    functionRole: target(fn.properties.Role),
    scheduleRole: target(variables.SCHEDULE_ROLE_ARN),
    scheduleGroup: target(variables.SCHEDULE_GROUP),
    sweepRole: target(sweep.properties.Target.RoleArn),
    deadLetters: target(invoke.DestinationConfig.OnFailure.Destination),
    logGroup: target(fn.properties.LoggingConfig.LogGroup),
    ...(mapping && { queue: target(mapping.properties.EventSourceArn) }),
  };
  const physical = Object.fromEntries(Object.entries(logical).map(([part, id]) => [id, names[part]]));
  const resolver = new Resolver(template, place, parameters, physical);
  return {
    fn,
    resolver,
    roles: {
      function: role(resolver, logical.functionRole),
      schedule: role(resolver, logical.scheduleRole),
      sweep: role(resolver, logical.sweepRole),
    },
    resources: resourcePolicies(resolver),
    // The rules' names are the template's own affair; cases call them rule-0, rule-1 …
    rules: resolver.resources('AWS::Events::Rule').map(({ id }) => resolver.attribute(id, 'Arn')),
  };
}

/** The same for a stack that has a role for the function to assume. */
export function roleStack(template, place, parameters, logical, name) {
  const resolver = new Resolver(template, place, parameters, { [logical]: name });
  return role(resolver, logical);
}

function target(value) {
  const [id] = [value?.Ref ?? value?.['Fn::GetAtt'] ?? []].flat();
  if (!id) throw new Error(`expected a reference to a resource, not ${JSON.stringify(value)}`);
  return id.split('.')[0];
}

function role(resolver, id) {
  const found = resolver.resources('AWS::IAM::Role').find((each) => each.id === id);
  if (!found) throw new Error(`the template makes no role ${id}`);
  const { AssumeRolePolicyDocument, ManagedPolicyArns = [], PermissionsBoundary, Policies = [] } = found.properties;
  if (ManagedPolicyArns.length > 0 || PermissionsBoundary) throw new Error(`${id} has policies that are not in the template`);
  const attached = resolver
    .resources(['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy'])
    .filter(({ properties }) => [properties.RoleName ?? properties.Roles ?? []].flat().some((each) => target(each) === id));
  return {
    arn: resolver.attribute(id, 'Arn'),
    trust: resolver.resolve(AssumeRolePolicyDocument),
    policies: [...Policies, ...attached.map(({ properties }) => properties)].map(({ PolicyDocument }) =>
      resolver.resolve(PolicyDocument),
    ),
  };
}

/** Policies of queues, of the default bus and of the function, by ARN. */
function resourcePolicies(resolver) {
  const { account, partition, region } = resolver.place;
  const policies = {};
  const add = (arn, statements) => {
    policies[arn] ??= { Version: '2012-10-17', Statement: [] };
    policies[arn].Statement.push(...statements);
  };
  for (const { properties } of resolver.resources('AWS::SQS::QueuePolicy')) {
    const document = resolver.resolve(properties.PolicyDocument);
    for (const queue of properties.Queues) add(resolver.attribute(target(queue), 'Arn'), document.Statement);
  }
  for (const { properties } of resolver.resources('AWS::Events::EventBusPolicy')) {
    const bus = resolver.resolve(properties.EventBusName ?? 'default');
    const statement = { Sid: 'Organization', ...resolver.resolve(properties.Statement) };
    add(`arn:${partition}:events:${region}:${account}:event-bus/${bus}`, [statement]);
  }
  for (const { id, properties } of resolver.resources('AWS::Lambda::Permission')) {
    const arn = resolver.attribute(target(properties.FunctionName), 'Arn');
    const statement = {
      Sid: id,
      Effect: 'Allow',
      Principal: { Service: properties.Principal },
      Action: properties.Action,
      Resource: arn,
      Condition: { ArnLike: { 'AWS:SourceArn': resolver.resolve(properties.SourceArn) } },
    };
    add(arn, [statement]);
  }
  return policies;
}
