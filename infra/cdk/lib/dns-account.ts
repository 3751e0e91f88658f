import { Rule } from 'aws-cdk-lib/aws-events';
import { ArnPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { checkBus, forwardRole, forwardRule, throwIfWrong } from './forwarding';
import { zonePolicy, zoneReadPolicy } from './permissions';
import { DOMAIN, each, ROLE_ARN, ZONE_ID } from './props';

/** Settings of `DnsAccount`. */
export interface DnsAccountProps {
  /** The function's role. It must exist: IAM accepts no other role in a trust policy. */
  readonly functionRoleArn: string;

  /**
   * The role of the read-only function behind the dashboard. It gets a role of its own, which only reads.
   *
   * @default - none: the dashboard does not read this account's hosted zones
   */
  readonly overviewRoleArn?: string;

  /**
   * The function's bus, to forward the events of hosted zones to. The function's stack needs `organizationId`.
   *
   * @default - none: a blocked certificate continues at its next check
   */
  readonly homeBusArn?: string;

  /**
   * The name of the role that the function assumes, 59 characters at most. The role of the dashboard has the same name with `-read` behind
   * it. An account has only one role of a name. The function's stack may name the role in `hostedZoneRoleArns` before it exists.
   *
   * @default 'acm-dns-validator-zones'
   */
  readonly zoneRoleName?: string;

  /**
   * The only hosted zones that the function may write to.
   *
   * @default - all of this account
   */
  readonly hostedZoneIds?: string[];

  /**
   * The domains below which the function may write records.
   *
   * @default - all
   */
  readonly allowedDomains?: string[];
}

/**
 * Allows the function in another account to write validation records in the hosted zones of this account. Once for each account, in
 * us-east-1, where CloudTrail records the calls of Route 53.
 *
 * `infra/dns-account.yaml` creates the same.
 */
export class DnsAccount extends Construct {
  /** The role that the function assumes: its ARN is for `hostedZoneRoleArns` of the function's stack. */
  public readonly zoneRole: Role;
  /** The role that the dashboard assumes, if there is one. */
  public readonly zoneReadRole?: Role;
  /** The rule whose events are forwarded, if there is one. */
  public readonly rule?: Rule;

  /**
   * @param scope The stack, or another construct in it.
   * @param id The name of the construct in its scope. A change of it replaces the resources.
   * @param props The settings.
   */
  public constructor(scope: Construct, id: string, props: DnsAccountProps) {
    super(scope, id);
    const zoneRoleName = props.zoneRoleName ?? 'acm-dns-validator-zones';
    throwIfWrong('DnsAccount', [
      ...checkBus(props.homeBusArn),
      ...each('functionRoleArn', [props.functionRoleArn], ROLE_ARN, 'the ARN of an IAM role'),
      ...each('overviewRoleArn', props.overviewRoleArn ? [props.overviewRoleArn] : [], ROLE_ARN, 'the ARN of an IAM role'),
      ...each('zoneRoleName', [zoneRoleName], /^[\w+=,.@-]{1,59}$/, 'the name of an IAM role, without a path, of 59 characters at most'),
      ...each('hostedZoneIds', props.hostedZoneIds, ZONE_ID, 'ids of hosted zones, without `/hostedzone/`'),
      ...each('allowedDomains', props.allowedDomains, DOMAIN, 'domains, without wildcards'),
    ]);
    this.zoneRole = new Role(this, 'ZoneRole', {
      roleName: zoneRoleName,
      description: 'acm-dns-validator in another account writes validation records as this role',
      assumedBy: new ArnPrincipal(props.functionRoleArn),
      inlinePolicies: { 'publish-validation-records': zonePolicy(this, props.hostedZoneIds ?? [], props.allowedDomains ?? []) },
    });
    if (props.overviewRoleArn) {
      this.zoneReadRole = new Role(this, 'ZoneReadRole', {
        roleName: `${zoneRoleName}-read`,
        description: 'The dashboard of acm-dns-validator in another account reads hosted zones as this role',
        assumedBy: new ArnPrincipal(props.overviewRoleArn),
        inlinePolicies: { 'read-hosted-zones': zoneReadPolicy(this) },
      });
    }
    if (props.homeBusArn) {
      // Without a dead-letter queue: a blocked certificate is checked again even without this event.
      this.rule = forwardRule(this, 'HostedZoneCalls', { arn: props.homeBusArn, role: forwardRole(this, props.homeBusArn) });
    }
  }
}
