import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { ArnPrincipal, CompositePrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkBus, Forwarding, placeOf, throwIfWrong } from './forwarding';
import { certificatePolicy } from './permissions';
import { each, REGION, ROLE_ARN, ROLE_NAME } from './props';

/** Settings of `MemberAccount`. */
export interface MemberAccountProps {
  /** The function's bus: the default bus of its account and region. The ARN must be literal. The function's stack needs `organizationId`. */
  readonly homeBusArn: string;

  /** The function's role. It must exist: IAM accepts no other role in a trust policy. */
  readonly functionRoleArn: string;

  /**
   * The role of the read-only function behind the dashboard.
   *
   * @default - none: the dashboard does not list this account's certificates
   */
  readonly overviewRoleArn?: string;

  /** `certificateRoleName` of the function's stack, without a path. An account has only one role of a name. */
  readonly certificateRoleName: string;

  /**
   * Only the stack in this region creates the role, because a role belongs to the account and not to a region. There must be one.
   *
   * @default - the region of `homeBusArn`
   */
  readonly roleRegion?: string;

  /**
   * The topic that the alarm is sent to, in the region of the stack.
   *
   * @default - none: CloudWatch shows the alarm, and nobody is notified
   */
  readonly alarmTopic?: ITopic;
}

/**
 * Forwards the events of a member account of an organization, and lets the function read the account's certificates. For each region with
 * certificates.
 *
 * The stack needs `env`. In the function's own account it does what `RegionForwarder` does: it forwards nothing in the function's region, hosted
 * zones too in others, and creates no role. `infra/member-account.yaml` creates the same.
 */
export class MemberAccount extends Construct {
  /** The role that the function assumes, if this stack creates it. */
  public readonly certificateRole?: Role;
  /** The rules whose events are forwarded. None in the function's own account and region. */
  public readonly rules: Rule[];
  /** Events that could not be forwarded for a day. The queue is encrypted, and keeps them for two weeks. */
  public readonly deadLetterQueue: Queue;
  /** The alarm for such events, if there are rules. */
  public readonly alarm?: Alarm;

  /**
   * @param scope The stack, or another construct in it.
   * @param id The name of the construct in its scope. A change of it replaces the resources.
   * @param props The settings.
   */
  public constructor(scope: Construct, id: string, props: MemberAccountProps) {
    super(scope, id);
    throwIfWrong('MemberAccount', [
      ...checkBus(props.homeBusArn),
      ...each('functionRoleArn', [props.functionRoleArn], ROLE_ARN, 'the ARN of an IAM role'),
      ...each('overviewRoleArn', props.overviewRoleArn ? [props.overviewRoleArn] : [], ROLE_ARN, 'the ARN of an IAM role'),
      ...each('certificateRoleName', [props.certificateRoleName], ROLE_NAME, 'the name of an IAM role, without a path'),
      ...each('roleRegion', props.roleRegion ? [props.roleRegion] : [], REGION, 'a region'),
    ]);
    const place = placeOf(this, props.homeBusArn);
    if (!place.isHomeAccount && place.region === (props.roleRegion ?? place.homeRegion)) {
      const trusted = [props.functionRoleArn, ...(props.overviewRoleArn ? [props.overviewRoleArn] : [])];
      this.certificateRole = new Role(this, 'CertificateRole', {
        roleName: props.certificateRoleName,
        description: 'acm-dns-validator in another account reads certificates as this role',
        assumedBy: new CompositePrincipal(...trusted.map((arn) => new ArnPrincipal(arn))),
        inlinePolicies: { 'read-certificates': certificatePolicy(this) },
      });
    }
    // Hosted zones of other accounts are used by a role only: DnsAccount creates it, and forwards their events.
    const zones = place.isHomeAccount && place.hearsOfRoute53;
    const forwarding = new Forwarding(this, {
      homeBusArn: props.homeBusArn,
      events: place.isHome ? [] : ['CertificateCalls', 'CertificateNews', ...(zones ? ['HostedZoneCalls'] : [])],
      sweepNeeds: 'this account in Accounts or SweepAccounts and this region in Regions',
      alarmTopic: props.alarmTopic,
    });
    this.rules = forwarding.rules;
    this.deadLetterQueue = forwarding.deadLetterQueue;
    this.alarm = forwarding.alarm;
  }
}
