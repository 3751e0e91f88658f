// Requests that IAM must allow to the roles, and requests that it must deny. Each case is one request: why, action, resource,
// conditions, and the deployments it is for (all if none is named).
//
// For a resource of another account (a role, an event bus, a certificate) only the policies of this project count, as if the other
// account allowed the request. That is stricter than AWS, where both accounts must allow it.

const ACCOUNT = '111122223333';
const DNS = '444455556666';
const MEMBER = '777788889999';
const ZONE = 'arn:aws:route53:::hostedzone/Z1PA6795UKMFR9';
const OTHER_ZONE = 'arn:aws:route53:::hostedzone/Z0000000000000000004';
const here = (service, rest, account = ACCOUNT) => `arn:aws:${service}:eu-west-1:${account}:${rest}`;
const certificate = (region, account = ACCOUNT) =>
  `arn:aws:acm:${region}:${account}:certificate/0b6a4e4e-7f7c-4c39-9a53-2d3a0f1c8e11`;
const role = (name, account = ACCOUNT) => `arn:aws:iam::${account}:role/${name}`;
const GROUP = 'schedule/acm-dns-validator';
const CHECK = '0b6a4e4e-7f7c-4c39-9a53-2d3a0f1c8e11-29402888';
const FUNCTION = here('lambda', 'function:acm-dns-validator');
const DEAD_LETTERS = here('sqs', 'acm-dns-validator-dead-letters');
const QUEUE = here('sqs', 'acm-dns-validator-organization');
const DEFAULT_BUS = here('events', 'event-bus/default');
const LOG = here('logs', 'log-group:/aws/lambda/acm-dns-validator:log-stream:2026/11/23/[$LATEST]0');
const OVERVIEW_LOG = here('logs', 'log-group:/aws/lambda/acm-dns-validator-overview:log-stream:2026/11/23/[$LATEST]0');
const TOPIC = here('sns', 'acm-dns-validator-notifications');
const OURS = { 'aws:ResourceOrgID': ['o-a1b2c3d4e5'] };
const TLS = { 'aws:SecureTransport': ['true'] };

const WRITING = ['plain', 'whole', 'narrow'];

/** Conditions of a change batch: [action, type, normalized name] for each change, as Route 53 shows them to IAM. */
function batch(...changes) {
  const values = (index) => [...new Set(changes.map((change) => change[index]))];
  return {
    'route53:ChangeResourceRecordSetsActions': values(0),
    'route53:ChangeResourceRecordSetsRecordTypes': values(1),
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': values(2),
  };
}
// ACM's label: an underscore and 32 characters.
const LABELS = ['_3639ac514e785e898d2646601fa951d5', '_d9af532d3daa6b825dc71aa4b734041a'];
const GOOD = ['UPSERT', 'CNAME', `${LABELS[0]}.example.com`];
const without = (key) => Object.fromEntries(Object.entries(batch(GOOD)).filter(([name]) => !name.endsWith(key)));
const change = (why, conditions, resource = ZONE, deployments = undefined) => ({
  why,
  action: 'route53:ChangeResourceRecordSets',
  resource,
  conditions,
  deployments,
});
const each = (actions, resource, why, rest = {}) => actions.map((action) => ({ why, action, resource, ...rest }));

const READ_ZONES = ['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:ListTagsForResources'];
const READ_CERTIFICATES = ['acm:DescribeCertificate', 'acm:ListTagsForCertificate', 'acm:ListCertificateDomainValidations'];

const goodBatches = [
  change('one record', batch(GOOD), ZONE),
  change('several records', batch(GOOD, ['UPSERT', 'CNAME', `${LABELS[1]}.www.example.com`]), ZONE),
  change('a record far below the apex', batch(['UPSERT', 'CNAME', `${LABELS[0]}.a.b.c.example.com`]), ZONE),
];

/** A name whose first label has this length after its underscore, and that has a dot where ACM's label ends. */
const shortLabel = (length) => `_${'a'.repeat(length)}.${'b'.repeat(31 - length)}.example.com`;
const OTHER_NAMES = [
  // What others prove with names that begin with an underscore, each below a domain with a dot where ACM's label ends, and without.
  ...['acme-challenge', 'dmarc', 'mta-sts', 'domainkey', 'amazonses', 'atproto', 'dnsauth', 'psl', 'vercel'].flatMap((word) => [
    `_${word}.example.com`,
    `_${word}.${'b'.repeat(31 - word.length)}.example.com`,
  ]),
  '_smtp._tls.example.com',
  '_443._tcp.mail.example.com',
  '_github-challenge-example.example.com',
  `_github-challenge-${'a'.repeat(11)}-org.example.com`,
  `_gh-${'a'.repeat(27)}-o.example.com`,
  'selector._domainkey.example.com',
  `${LABELS[0]}._domainkey.example.com`,
  `${LABELS[0]}.a._tcp.example.com`,
  // Labels of another length.
  `${LABELS[0].slice(0, -1)}.example.com`,
  `${LABELS[0]}0.example.com`,
  ...Array.from({ length: 31 }, (_, length) => shortLabel(length)),
];

const badBatches = [
  change('a TXT record', batch(['UPSERT', 'TXT', `${LABELS[0]}.example.com`])),
  change('an A record', batch(['UPSERT', 'A', `${LABELS[0]}.example.com`])),
  change('a delegation', batch(['UPSERT', 'NS', `${LABELS[0]}.example.com`])),
  change('a CAA record', batch(['UPSERT', 'CAA', `${LABELS[0]}.example.com`])),
  change('CREATE', batch(['CREATE', 'CNAME', `${LABELS[0]}.example.com`])),
  change('DELETE', batch(['DELETE', 'CNAME', `${LABELS[0]}.example.com`])),
  change('a name without underscore', batch(['UPSERT', 'CNAME', 'www.example.com'])),
  change('an underscore in a later label', batch(['UPSERT', 'CNAME', `www.${LABELS[0]}.example.com`])),
  change('the apex', batch(['UPSERT', 'CNAME', 'example.com'])),
  change('a wildcard', batch(['UPSERT', 'CNAME', '\\052.example.com'])),
  change('one bad name in a batch', batch(GOOD, ['UPSERT', 'CNAME', 'www.example.com'])),
  change('one bad type in a batch', batch(GOOD, ['UPSERT', 'A', `${LABELS[1]}.example.com`])),
  change('one bad action in a batch', batch(GOOD, ['DELETE', 'CNAME', `${LABELS[1]}.example.com`])),
  ...OTHER_NAMES.map((name) => change('a name that is not of ACM', batch(['UPSERT', 'CNAME', name]))),
  change('one name that is not of ACM in a batch', batch(GOOD, ['UPSERT', 'CNAME', shortLabel(14)])),
  change('no names at all', without('RecordNames')),
  change('no types at all', without('RecordTypes')),
  change('no actions at all', without('Actions')),
  change('another zone if zones are named', batch(GOOD), OTHER_ZONE, ['narrow']),
  change('another domain if domains are named', batch(['UPSERT', 'CNAME', `${LABELS[0]}.example.org`]), ZONE, ['narrow']),
  change('a domain that ends alike', batch(['UPSERT', 'CNAME', `${LABELS[0]}.notexample.com`]), ZONE, ['narrow']),
  change('one other domain in a batch', batch(GOOD, ['UPSERT', 'CNAME', `${LABELS[0]}.example.org`]), ZONE, ['narrow']),
];

const otherRoute53 = [
  ...each(
    [
      'route53:DeleteHostedZone', 'route53:CreateHostedZone', 'route53:ChangeTagsForResource', 'route53:AssociateVPCWithHostedZone',
      'route53:DisableHostedZoneDNSSEC', 'route53:UpdateHostedZoneComment',
    ],
    ZONE,
    'another call about a zone',
  ).map((one) => (one.action === 'route53:CreateHostedZone' ? { ...one, resource: '*' } : one)),
  ...each(['route53:ListHostedZones', 'route53:GetHostedZoneCount'], '*', 'another listing'),
  {
    why: 'tags of a health check',
    action: 'route53:ListTagsForResources',
    resource: 'arn:aws:route53:::healthcheck/0b6a4e4e-7f7c-4c39-9a53-2d3a0f1c8e11',
  },
];

const otherAcm = [
  ...each(
    [
      'acm:DeleteCertificate', 'acm:ExportCertificate', 'acm:AddTagsToCertificate', 'acm:RemoveTagsFromCertificate',
      'acm:UpdateCertificateOptions', 'acm:RenewCertificate', 'acm:ImportCertificate', 'acm:GetCertificate',
      'acm:ResendValidationEmail',
    ],
    certificate('eu-west-1'),
    'another call about a certificate',
  ),
  ...each(['acm:RequestCertificate', 'acm:PutAccountConfiguration'], '*', 'another call of ACM'),
];

const SCHEDULER = 'service:scheduler.amazonaws.com';
const EVENTS = 'service:events.amazonaws.com';
const trusted = (name, why, account, source) => ({
  why,
  action: 'sts:AssumeRole',
  resource: role(name),
  conditions: { 'aws:SourceAccount': [account], 'aws:SourceArn': [source] },
});
const ownGroup = here('scheduler', 'schedule-group/acm-dns-validator');
const forScheduler = (name) => ({
  allowed: [trusted(name, 'a schedule of the group', ACCOUNT, ownGroup)],
  denied: [
    trusted(name, 'a schedule of another group', ACCOUNT, here('scheduler', 'schedule-group/default')),
    trusted(name, 'a schedule of another account', MEMBER, here('scheduler', 'schedule-group/acm-dns-validator', MEMBER)),
    trusted(name, 'another account with the ARN of this group', MEMBER, ownGroup),
  ],
});
const inQueue = (resource, deployments) => ({
  allowed: [0, 1, 2].map((index) => ({
    why: `rule ${index} of the stack`,
    action: 'sqs:SendMessage',
    resource,
    conditions: { ...TLS, 'aws:SourceArn': [`rule-${index}`] },
    deployments,
  })),
  denied: [
    {
      why: 'a rule of somebody else',
      action: 'sqs:SendMessage',
      resource,
      conditions: { ...TLS, 'aws:SourceArn': [here('events', 'rule/other')] },
      deployments,
    },
    {
      why: 'without TLS',
      action: 'sqs:SendMessage',
      resource,
      conditions: { 'aws:SecureTransport': ['false'], 'aws:SourceArn': ['rule-0'] },
      deployments,
    },
    {
      why: 'reading it',
      action: 'sqs:ReceiveMessage',
      resource,
      conditions: { ...TLS, 'aws:SourceArn': ['rule-0'] },
      deployments,
    },
  ],
});
const forward = (why, organization, source, action = 'events:PutEvents') => ({
  why,
  action,
  resource: DEFAULT_BUS,
  conditions: { 'aws:PrincipalOrgID': [organization], ...(source && { 'events:source': [source] }) },
});

/** Assuming the certificate role of a member account of an organization. AWS, and not the caller, says which organization that is. */
const assume = (why, organization, deployments) => ({
  why,
  action: 'sts:AssumeRole',
  resource: role('certificates', MEMBER),
  conditions: organization && { 'aws:ResourceOrgID': [organization] },
  deployments,
});

/** Listing the accounts of the organization: as the function, or by the role that is given. */
const LIST_ACCOUNTS = ['organizations:DescribeAccount', 'organizations:ListAccounts'];
const LISTING_ROLE = 'arn:aws:iam::100000000000:role/accounts';
const OTHERS = ['plain', 'whole', 'narrow', 'dry'];
const listAccounts = {
  allowed: [
    ...each(LIST_ACCOUNTS, '*', 'the accounts of the organization', { deployments: ['organization'] }),
    { why: 'the role that lists accounts', action: 'sts:AssumeRole', resource: LISTING_ROLE, deployments: ['organizationRole'] },
  ],
  denied: [
    ...each(LIST_ACCOUNTS, '*', 'the accounts of an organization that is not served', { deployments: [...OTHERS, 'organizationRole'] }),
    { why: 'a role that lists accounts, if none is named', action: 'sts:AssumeRole', resource: LISTING_ROLE, deployments: [...OTHERS, 'organization'] },
    ...each(
      ['organizations:CloseAccount', 'organizations:ListParents', 'organizations:MoveAccount', 'organizations:RemoveAccountFromOrganization'],
      '*',
      'another call of Organizations',
    ),
  ],
};

/** The function. */
const FUNCTION_CASES = {
  who: 'function',
  allowed: [
    ...each(['logs:CreateLogStream', 'logs:PutLogEvents'], LOG, 'its log'),
    { why: 'an event that failed', action: 'sqs:SendMessage', resource: DEAD_LETTERS, conditions: TLS },
    ...['eu-west-1', 'us-east-1'].flatMap((region) => each(READ_CERTIFICATES, certificate(region), `in ${region}`)),
    ...each(['acm:ListCertificates', 'acm:SearchCertificates'], '*', 'a sweep or an audit'),
    { why: 'zones by name', action: 'route53:ListHostedZonesByName', resource: '*' },
    ...[ZONE, OTHER_ZONE].flatMap((zone) => each(READ_ZONES, zone, 'reading any zone')),
    ...goodBatches.map((one) => ({ ...one, deployments: WRITING })),
    change('any zone if none is named', batch(GOOD), OTHER_ZONE, ['plain', 'whole']),
    change('any domain if none is named', batch(['UPSERT', 'CNAME', `${LABELS[0]}.example.org`]), ZONE, ['plain', 'whole']),
    change('the other zone that is named', batch(GOOD), 'arn:aws:route53:::hostedzone/Z2FDTNDATAQYW2', ['narrow']),
    ...each(['scheduler:GetSchedule'], here('scheduler', `${GROUP}/${CHECK}`), 'whether a check is scheduled'),
    ...each(['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'], here('scheduler', `${GROUP}/${CHECK}`), 'a check', {
      deployments: WRITING,
    }),
    ...each(['scheduler:CreateSchedule'], here('scheduler', `${GROUP}/audit-1764000000-29402888`), 'an audit that goes on', {
      deployments: WRITING,
    }),
    {
      why: "the check's role",
      action: 'iam:PassRole',
      resource: role('acm-dns-validator-scheduler'),
      conditions: { 'iam:PassedToService': ['scheduler.amazonaws.com'] },
      deployments: WRITING,
    },
    {
      why: 'its own event',
      action: 'events:PutEvents',
      resource: DEFAULT_BUS,
      conditions: { 'events:source': ['acm-dns-validator'] },
      deployments: ['plain', 'whole'],
    },
    {
      why: 'its own event on the bus of EVENT_BUS',
      action: 'events:PutEvents',
      resource: here('events', 'event-bus/ours'),
      conditions: { 'events:source': ['acm-dns-validator'] },
      deployments: ['narrow'],
    },
    { why: 'the DNS account', action: 'sts:AssumeRole', resource: role('dns', DNS), deployments: ['whole'] },
    assume('a member account', 'o-a1b2c3d4e5', ['whole', 'narrow', 'organization', 'organizationRole']),
    ...listAccounts.allowed,
    assume('an account of another organization if none is named', 'o-zzzzzzzzzz', ['narrow']),
    assume('an account of no organization if none is named', undefined, ['narrow']),
    ...each(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], QUEUE, 'the organization queue', {
      conditions: TLS,
      deployments: ['whole'],
    }),
  ],
  denied: [
    ...badBatches,
    ...[...goodBatches].map((one) => ({ ...one, why: `dry run: ${one.why}`, deployments: ['dry'] })),
    ...otherRoute53,
    ...otherAcm,
    ...each(READ_CERTIFICATES, certificate('eu-west-1', MEMBER), 'of another account, without a role there'),
    {
      why: "another account's role of another name",
      action: 'sts:AssumeRole',
      resource: role('admin', MEMBER),
      conditions: OURS,
    },
    { why: 'a role whose name begins with that name', action: 'sts:AssumeRole', resource: role('certificates-admin', MEMBER), conditions: OURS },
    { why: 'a path before the name', action: 'sts:AssumeRole', resource: role('x/certificates', MEMBER), conditions: OURS },
    assume('an account of another organization', 'o-zzzzzzzzzz', ['whole', 'organization', 'organizationRole']),
    assume('an account of no organization', undefined, ['whole', 'organization', 'organizationRole']),
    ...listAccounts.denied,
    assume('certificate roles if none is named', 'o-a1b2c3d4e5', ['plain', 'dry']),
    { why: "the DNS role's name elsewhere", action: 'sts:AssumeRole', resource: role('dns', MEMBER), conditions: OURS },
    { why: 'another role of the DNS account', action: 'sts:AssumeRole', resource: role('dns-admin', DNS) },
    { why: 'a role of no deployment', action: 'sts:AssumeRole', resource: role('dns', DNS), deployments: ['plain', 'narrow', 'dry'] },
    { why: 'a role in its own account', action: 'sts:AssumeRole', resource: role('admin'), conditions: OURS },
    ...[role('dns', DNS), role('certificates', MEMBER), LISTING_ROLE].flatMap((one) =>
      each(['sts:TagSession', 'sts:SetSourceIdentity'], one, 'another call of STS', { conditions: OURS }),
    ),
    ...each(
      ['scheduler:UpdateSchedule', 'scheduler:ListTagsForResource'],
      here('scheduler', `${GROUP}/${CHECK}`),
      'another call in its own group',
    ).map((one) =>
      one.action === 'scheduler:ListTagsForResource' ? { ...one, resource: ownGroup } : one,
    ),
    ...each(
      ['scheduler:CreateSchedule', 'scheduler:GetSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule'],
      here('scheduler', `schedule/default/${CHECK}`),
      'another group',
    ),
    ...['Sweep', 'sweep-111122223333-eu-west-1-29402888', 'acm-dns-validator-Sweep-1A2B3C4D5E6F', 'Audit', 'audit-1764000000-29402888'].flatMap((name) =>
      each(['scheduler:DeleteSchedule'], here('scheduler', `${GROUP}/${name}`), 'a sweep or an audit'),
    ),
    ...each(
      ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
      here('scheduler', `schedule/acm-dns-validator-2/${CHECK}`),
      'a group whose name begins like its own',
    ),
    ...each(['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'], here('scheduler', `${GROUP}/${CHECK}`), 'dry run: a check', {
      deployments: ['dry'],
    }),
    ...each(['scheduler:DeleteScheduleGroup', 'scheduler:CreateScheduleGroup'], ownGroup, 'groups'),
    ...['lambda.amazonaws.com', 'ec2.amazonaws.com', 'events.amazonaws.com'].map((service) => ({
      why: `passing the role to ${service}`,
      action: 'iam:PassRole',
      resource: role('acm-dns-validator-scheduler'),
      conditions: { 'iam:PassedToService': [service] },
    })),
    ...['admin', 'acm-dns-validator-function', 'acm-dns-validator-sweep', 'acm-dns-validator-audit'].map((name) => ({
      why: `passing ${name}`,
      action: 'iam:PassRole',
      resource: role(name),
      conditions: { 'iam:PassedToService': ['scheduler.amazonaws.com'] },
    })),
    {
      why: 'passing the role to no named service',
      action: 'iam:PassRole',
      resource: role('acm-dns-validator-scheduler'),
    },
    ...['iam:CreateRole', 'iam:PutRolePolicy', 'iam:GetRole'].map((action) => ({
      why: 'another call about roles',
      action,
      resource: role('acm-dns-validator-scheduler'),
    })),
    ...[DEFAULT_BUS, here('events', 'event-bus/ours')].flatMap((bus) => [
      {
        why: 'an event of another source',
        action: 'events:PutEvents',
        resource: bus,
        conditions: { 'events:source': ['shop'] },
      },
      {
        why: 'one foreign event among its own',
        action: 'events:PutEvents',
        resource: bus,
        conditions: { 'events:source': ['acm-dns-validator', 'shop'] },
      },
      { why: 'an event without a source', action: 'events:PutEvents', resource: bus },
    ]),
    {
      why: 'another bus',
      action: 'events:PutEvents',
      resource: here('events', 'event-bus/other'),
      conditions: { 'events:source': ['acm-dns-validator'] },
    },
    {
      why: 'the default bus if another or none is set',
      action: 'events:PutEvents',
      resource: DEFAULT_BUS,
      conditions: { 'events:source': ['acm-dns-validator'] },
      deployments: ['narrow', 'dry'],
    },
    ...each(['events:PutRule', 'events:DisableRule', 'events:PutTargets'], here('events', 'rule/x'), 'rules'),
    ...each(['lambda:InvokeFunction', 'lambda:UpdateFunctionCode', 'lambda:GetFunction'], FUNCTION, 'itself'),
    ...each(['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage'], here('sqs', 'other'), 'another queue', { conditions: TLS }),
    ...each(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:PurgeQueue'], DEAD_LETTERS, 'reading dead letters', { conditions: TLS }),
    ...each(['sqs:SendMessage', 'sqs:PurgeQueue', 'sqs:SetQueueAttributes'], QUEUE, 'more of the queue', { conditions: TLS }),
    {
      why: 'a dead letter without TLS',
      action: 'sqs:SendMessage',
      resource: DEAD_LETTERS,
      conditions: { 'aws:SecureTransport': ['false'] },
    },
    ...each(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      here('logs', 'log-group:/aws/lambda/other:log-stream:x'),
      "another function's log",
    ),
    ...each(['logs:GetLogEvents', 'logs:DeleteLogStream'], LOG, 'its own log'),
    ...each(['logs:DeleteLogGroup', 'logs:CreateLogGroup'], here('logs', 'log-group:/aws/lambda/acm-dns-validator'), 'log groups'),
  ],
};

const WRITES = /^(route53:Change|scheduler:(Create|Delete)|iam:|events:|sqs:)/;
const withLog = (log) => (one) => (one.resource === LOG ? { ...one, resource: log } : one);

/** The overview on the dashboard: it may read what the function reads, and change nothing that the function may change. */
const OVERVIEW_CASES = {
  who: 'overview',
  allowed: [
    ...FUNCTION_CASES.allowed
      .filter(({ action, resource }) => !WRITES.test(action) && resource !== role('dns', DNS))
      .map(withLog(OVERVIEW_LOG)),
    { why: 'the DNS account, for reading', action: 'sts:AssumeRole', resource: role('dns-read', DNS), deployments: ['whole'] },
  ],
  denied: [
    ...FUNCTION_CASES.denied.map(withLog(OVERVIEW_LOG)),
    ...FUNCTION_CASES.allowed
      .filter(({ action }) => WRITES.test(action))
      .map((one) => ({ ...one, why: `changing something: ${one.why}`, deployments: undefined })),
    { why: 'the role of the DNS account that writes', action: 'sts:AssumeRole', resource: role('dns', DNS) },
    { why: 'the reading role if there is none', action: 'sts:AssumeRole', resource: role('dns-read', DNS), deployments: ['plain', 'narrow', 'dry'] },
    ...each(['sts:TagSession', 'sts:SetSourceIdentity'], role('dns-read', DNS), 'another call of STS', { conditions: OURS }),
    ...each(['logs:CreateLogStream', 'logs:PutLogEvents'], LOG, "the function's log"),
    { why: 'an event about itself', action: 'sns:Publish', resource: TOPIC, conditions: TLS },
  ],
};

/** Cases by caller: a role of the function's stack, a service, or another account. */
export const CASES = [
  FUNCTION_CASES,
  OVERVIEW_CASES,
  {
    who: 'schedule',
    allowed: [
      { why: 'a check', action: 'lambda:InvokeFunction', resource: FUNCTION },
      { why: 'a check through the queue', action: 'sqs:SendMessage', resource: QUEUE, conditions: TLS, deployments: ['whole'] },
      { why: 'a check that could not be delivered', action: 'sqs:SendMessage', resource: DEAD_LETTERS, conditions: TLS },
    ],
    denied: [
      { why: 'another function', action: 'lambda:InvokeFunction', resource: here('lambda', 'function:other') },
      { why: 'a function whose name begins with that name', action: 'lambda:InvokeFunction', resource: `${FUNCTION}-2` },
      ...each(['lambda:UpdateFunctionCode', 'lambda:GetFunction'], FUNCTION, 'more of the function'),
      { why: 'another queue', action: 'sqs:SendMessage', resource: here('sqs', 'other'), conditions: TLS },
      ...each(['sqs:ReceiveMessage', 'sqs:PurgeQueue'], DEAD_LETTERS, 'more of the dead letters', { conditions: TLS }),
      { why: 'the queue if there is none', action: 'sqs:SendMessage', resource: QUEUE, conditions: TLS, deployments: ['plain'] },
      ...each(['sqs:ReceiveMessage', 'sqs:DeleteMessage'], QUEUE, 'more of the queue', { conditions: TLS }),
      change('the records themselves', batch(GOOD)),
      { why: 'another schedule', action: 'scheduler:CreateSchedule', resource: here('scheduler', `${GROUP}/${CHECK}`) },
    ],
  },
  {
    who: 'sweep',
    allowed: [
      { why: 'a sweep', action: 'lambda:InvokeFunction', resource: FUNCTION, deployments: ['plain', 'narrow', 'dry'] },
      { why: 'a sweep through the queue', action: 'sqs:SendMessage', resource: QUEUE, conditions: TLS, deployments: ['whole'] },
      { why: 'a sweep that was not delivered', action: 'sqs:SendMessage', resource: DEAD_LETTERS, conditions: TLS },
    ],
    denied: [
      { why: 'another function', action: 'lambda:InvokeFunction', resource: here('lambda', 'function:other') },
      ...each(['lambda:UpdateFunctionCode', 'lambda:GetFunction'], FUNCTION, 'more of the function'),
      ...each(['sqs:SendMessage'], here('sqs', 'other'), 'another queue', { conditions: TLS }),
      { why: 'bypassing the queue', action: 'lambda:InvokeFunction', resource: FUNCTION, deployments: ['whole'] },
      { why: 'the queue if there is none', action: 'sqs:SendMessage', resource: QUEUE, conditions: TLS, deployments: ['plain'] },
      ...each(['sqs:ReceiveMessage', 'sqs:PurgeQueue'], DEAD_LETTERS, 'more of the dead letters', { conditions: TLS }),
      ...each(['sqs:ReceiveMessage', 'sqs:PurgeQueue'], QUEUE, 'more of the queue', { conditions: TLS }),
      change('the records themselves', batch(GOOD)),
    ],
  },
  { who: SCHEDULER, ...forScheduler('acm-dns-validator-scheduler') },
  { who: SCHEDULER, ...forScheduler('acm-dns-validator-sweep') },
  { who: SCHEDULER, ...forScheduler('acm-dns-validator-audit') },
  {
    who: 'audit',
    allowed: [
      { why: 'an audit', action: 'lambda:InvokeFunction', resource: FUNCTION },
      { why: 'an audit that was not delivered', action: 'sqs:SendMessage', resource: DEAD_LETTERS, conditions: TLS },
    ],
    denied: [
      { why: 'another function', action: 'lambda:InvokeFunction', resource: here('lambda', 'function:other') },
      ...each(['lambda:UpdateFunctionCode', 'lambda:GetFunction'], FUNCTION, 'more of the function'),
      { why: 'the queue', action: 'sqs:SendMessage', resource: QUEUE, conditions: TLS },
      ...each(['sqs:ReceiveMessage', 'sqs:PurgeQueue'], DEAD_LETTERS, 'more of the dead letters', { conditions: TLS }),
      change('the records themselves', batch(GOOD)),
    ],
  },
  { who: SCHEDULER, allowed: [], denied: [trusted('acm-dns-validator-function', "the function's role", ACCOUNT, ownGroup)] },
  {
    who: 'service:lambda.amazonaws.com',
    allowed: ['acm-dns-validator-function', 'acm-dns-validator-overview'].map((name) => ({
      why: `Lambda runs ${name}`,
      action: 'sts:AssumeRole',
      resource: role(name),
    })),
    denied: ['acm-dns-validator-scheduler', 'acm-dns-validator-sweep', 'acm-dns-validator-audit'].map((name) => ({
      why: `a function with the role ${name}`,
      action: 'sts:AssumeRole',
      resource: role(name),
    })),
  },
  { who: EVENTS, ...inQueue(DEAD_LETTERS) },
  { who: EVENTS, ...inQueue(QUEUE, ['whole']) },
  {
    who: EVENTS,
    allowed: [
      {
        why: 'a notification that was not delivered',
        action: 'sqs:SendMessage',
        resource: DEAD_LETTERS,
        conditions: { ...TLS, 'aws:SourceArn': ['rule-3'] },
        deployments: ['whole'],
      },
      { why: 'a notification', action: 'sns:Publish', resource: TOPIC, conditions: TLS, deployments: ['whole'] },
    ],
    denied: [
      {
        why: 'a notification as an event',
        action: 'sqs:SendMessage',
        resource: QUEUE,
        conditions: { ...TLS, 'aws:SourceArn': ['rule-3'] },
        deployments: ['whole'],
      },
      { why: 'without TLS', action: 'sns:Publish', resource: TOPIC, conditions: { 'aws:SecureTransport': ['false'] }, deployments: ['whole'] },
      ...each(['sns:Subscribe', 'sns:DeleteTopic'], TOPIC, 'more of the topic', { deployments: ['whole'] }),
    ],
  },
  {
    who: EVENTS,
    allowed: [0, 1, 2].map((index) => ({
      why: `rule ${index} of the stack`,
      action: 'lambda:InvokeFunction',
      resource: FUNCTION,
      conditions: { 'aws:SourceArn': [`rule-${index}`] },
      deployments: ['plain'],
    })),
    denied: [
      {
        why: 'a rule of somebody else',
        action: 'lambda:InvokeFunction',
        resource: FUNCTION,
        conditions: { 'aws:SourceArn': [here('events', 'rule/other', MEMBER)] },
      },
      {
        why: 'bypassing the queue',
        action: 'lambda:InvokeFunction',
        resource: FUNCTION,
        conditions: { 'aws:SourceArn': ['rule-0'] },
        deployments: ['whole'],
      },
    ],
  },
  {
    who: `account:${MEMBER}`,
    allowed: ['aws.acm', 'aws.route53'].map((source) => ({
      ...forward(`events of ${source}`, 'o-a1b2c3d4e5', source),
      deployments: ['whole'],
    })),
    denied: [
      forward('another organization', 'o-zzzzzzzzzz', 'aws.acm'),
      { why: 'no organization', action: 'events:PutEvents', resource: DEFAULT_BUS, conditions: { 'events:source': ['aws.acm'] } },
      forward('other events', 'o-a1b2c3d4e5', 'shop'),
      forward('events with the source of the function', 'o-a1b2c3d4e5', 'acm-dns-validator'),
      { ...forward('rules', 'o-a1b2c3d4e5', undefined, 'events:PutRule'), resource: here('events', 'rule/x') },
      { ...forward('if no organization is named', 'o-a1b2c3d4e5', 'aws.acm'), deployments: ['plain', 'narrow', 'dry'] },
      ...each(['sqs:SendMessage', 'sqs:ReceiveMessage'], DEAD_LETTERS, 'dead letters', { conditions: TLS }),
      ...each(['sqs:SendMessage', 'sqs:ReceiveMessage'], QUEUE, 'the queue, bypassing the bus', { conditions: TLS, deployments: ['whole'] }),
      ...each(['sns:Publish', 'sns:Subscribe'], TOPIC, 'the notifications', { deployments: ['whole'] }),
      { why: 'the function', action: 'lambda:InvokeFunction', resource: FUNCTION },
      { why: 'the overview', action: 'lambda:InvokeFunction', resource: here('lambda', 'function:acm-dns-validator-overview') },
      { why: "the overview's role", action: 'sts:AssumeRole', resource: role('acm-dns-validator-overview') },
      { why: "the function's role", action: 'sts:AssumeRole', resource: role('acm-dns-validator-function') },
      { why: "the schedules' role", action: 'sts:AssumeRole', resource: role('acm-dns-validator-scheduler') },
    ],
  },
];

/** The same for roles of other accounts. They have deployments of their own: plain, and narrow with zones and domains. */
export const ROLE_CASES = [
  {
    who: 'zones',
    allowed: [
      { why: 'zones by name', action: 'route53:ListHostedZonesByName', resource: '*' },
      ...[ZONE, OTHER_ZONE].flatMap((zone) => each(READ_ZONES, zone, 'reading any zone')),
      ...goodBatches,
      change('any zone and domain if none is named', batch(['UPSERT', 'CNAME', `${LABELS[0]}.example.org`]), OTHER_ZONE, ['plain']),
      change('the other domain and zone', batch(['UPSERT', 'CNAME', `${LABELS[0]}.a.example.net`]), 'arn:aws:route53:::hostedzone/Z2FDTNDATAQYW2', ['narrow']),
    ],
    denied: [
      ...badBatches,
      ...otherRoute53,
      ...each(READ_CERTIFICATES, certificate('eu-west-1', DNS), 'certificates'),
      { why: 'a role', action: 'sts:AssumeRole', resource: role('admin', DNS) },
    ],
  },
  {
    who: 'zonesRead',
    allowed: [
      { why: 'zones by name', action: 'route53:ListHostedZonesByName', resource: '*' },
      ...[ZONE, OTHER_ZONE].flatMap((zone) => each(READ_ZONES, zone, 'reading any zone')),
    ],
    denied: [
      ...goodBatches,
      ...badBatches,
      ...otherRoute53,
      ...each(READ_CERTIFICATES, certificate('eu-west-1', DNS), 'certificates'),
      { why: 'a role', action: 'sts:AssumeRole', resource: role('admin', DNS) },
    ],
  },
  {
    who: 'certificates',
    allowed: [
      ...['eu-west-1', 'us-east-1'].flatMap((region) => each(READ_CERTIFICATES, certificate(region, MEMBER), `in ${region}`)),
      ...each(['acm:ListCertificates', 'acm:SearchCertificates'], '*', 'a sweep'),
    ],
    denied: [
      ...otherAcm.map((one) => ({ ...one, resource: one.resource.replace(ACCOUNT, MEMBER) })),
      ...each(READ_CERTIFICATES, certificate('eu-west-1', DNS), 'of another account'),
      ...each(READ_ZONES, ZONE, 'zones'),
      change('records', batch(GOOD)),
      { why: 'a role', action: 'sts:AssumeRole', resource: role('admin', MEMBER) },
    ],
  },
];

/** Who may assume the roles of other accounts. */
export const TRUST = {
  zones: {
    allowed: ['acm-dns-validator-function'],
    denied: ['acm-dns-validator-overview', 'acm-dns-validator-scheduler', 'admin'],
  },
  zonesRead: {
    allowed: ['acm-dns-validator-overview'],
    denied: ['acm-dns-validator-function', 'acm-dns-validator-scheduler', 'admin'],
  },
  certificates: {
    allowed: ['acm-dns-validator-function', 'acm-dns-validator-overview'],
    denied: ['acm-dns-validator-scheduler', 'admin'],
  },
};
