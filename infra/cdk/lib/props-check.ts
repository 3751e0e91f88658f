import { Token } from 'aws-cdk-lib';
import { AcmDnsValidatorProps, RequiredTag } from './acm-dns-validator';

/**
 * Throws if settings are wrong, and names all that are. The function does the same at its cold start,
 * but that is after the deployment. Values that are only known then are passed over.
 */
export function checkProps(props: AcmDnsValidatorProps): void {
  const wrong = [
    ...each('hostedZoneIds', props.hostedZoneIds, /^Z[A-Z0-9]{1,31}$/, 'ids of hosted zones, without `/hostedzone/`'),
    ...each('hostedZoneRoleArns', props.hostedZoneRoleArns, /^arn:aws[a-z-]*:iam::\d{12}:role\/([\w+=.@-]+\/)*[\w+=.@-]{1,64}$/, 'ARNs of IAM roles'),
    ...each('allowedDomains', props.allowedDomains, /^([A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\.?$/, 'domains, without wildcards'),
    ...each('regions', props.regions, /^[a-z]{2,}(-[a-z]+)+-\d+$/, 'regions'),
    ...each('sweepAccounts', props.sweepAccounts, /^\d{12}$/, 'account ids'),
    ...each('organizationId', props.organizationId && [props.organizationId], /^o-[a-z0-9]{10,32}$/, 'the id of an organization'),
    ...each(
      'certificateRoleName',
      props.certificateRoleName && [props.certificateRoleName],
      /^([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
      "a role's name, with its path and without a leading slash",
    ),
    ...tag('hostedZoneTag', props.hostedZoneTag),
    ...tag('certificateTag', props.certificateTag),
    ...whole('recordTtl', props.recordTtl?.toSeconds(), 0, 2 ** 31 - 1),
    ...whole('reservedConcurrency', props.reservedConcurrency, 1, 1000),
    ...whole('organizationQueue.batchSize', props.organizationQueue?.batchSize, 1, 10_000),
    ...whole('organizationQueue.batchWindow', props.organizationQueue?.batchWindow?.toSeconds(), 0, 300),
    ...whole('organizationQueue.maxConcurrency', props.organizationQueue?.maxConcurrency, 2, 1000),
    ...unless(
      (props.organizationQueue?.batchSize ?? 1000) <= 10 || props.organizationQueue?.batchWindow?.toSeconds() !== 0,
      'organizationQueue.batchSize over 10 needs a batchWindow',
    ),
    ...unless(!props.sweepAccounts?.length || !!props.certificateRoleName, 'sweepAccounts needs certificateRoleName'),
    ...unless(
      !props.organizationQueue || !props.reservedConcurrency || props.reservedConcurrency >= (props.organizationQueue.maxConcurrency ?? 2),
      'organizationQueue.maxConcurrency is more than reservedConcurrency: messages would be throttled into the dead-letter queue',
    ),
    ...unless(
      props.publishEvents !== false || !props.eventBus,
      'eventBus is set, but publishEvents is false',
    ),
  ];
  if (wrong.length > 0) {
    throw new Error(`settings of AcmDnsValidator: ${wrong.join('; ')}`);
  }
}

function each(name: string, values: string[] | '' | undefined, shape: RegExp, meaning: string): string[] {
  const bad = (values || []).filter((value) => !Token.isUnresolved(value) && !shape.test(value));
  return bad.map((value) => `${name}: \`${value}\` is not of the shape: ${meaning}`);
}

function tag(name: string, value?: RequiredTag): string[] {
  return unless(!value || (value.key !== '' && !value.key.includes('=')), `${name} needs a key, without an equals sign`);
}

function whole(name: string, value: number | undefined, from: number, to: number): string[] {
  const fits = value === undefined || Token.isUnresolved(value) || (Number.isInteger(value) && value >= from && value <= to);
  return unless(fits, `${name} is ${value}, but must be a whole number from ${from} to ${to}`);
}

function unless(fine: boolean, complaint: string): string[] {
  return fine ? [] : [complaint];
}
