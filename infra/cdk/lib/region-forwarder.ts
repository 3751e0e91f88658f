import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkBus, Forwarding, placeOf, throwIfWrong } from './forwarding';

/** Settings of `RegionForwarder`. */
export interface RegionForwarderProps {
  /** The function's bus: the default bus of its account and region. The ARN must be literal. */
  readonly homeBusArn: string;

  /**
   * The topic that the alarm is sent to, in the region of the stack.
   *
   * @default - none: CloudWatch shows the alarm, and nobody is notified
   */
  readonly alarmTopic?: ITopic;
}

/**
 * Forwards the events of another region to the region where the function runs. For each region of the function's account with certificates
 * but without the function; and always for us-east-1, the only region where CloudTrail records the calls of Route 53.
 *
 * The stack needs `env`. In the function's own region it forwards nothing. `infra/region-forwarder.yaml` creates the same.
 */
export class RegionForwarder extends Construct {
  /** The rules whose events are forwarded. None in the function's own region. */
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
  public constructor(scope: Construct, id: string, props: RegionForwarderProps) {
    super(scope, id);
    throwIfWrong('RegionForwarder', checkBus(props.homeBusArn));
    const place = placeOf(this, props.homeBusArn);
    const events = place.isHome ? [] : ['CertificateCalls', 'CertificateNews', ...(place.hearsOfRoute53 ? ['HostedZoneCalls'] : [])];
    const forwarding = new Forwarding(this, {
      homeBusArn: props.homeBusArn,
      events,
      sweepNeeds: 'this region in Regions',
      alarmTopic: props.alarmTopic,
    });
    this.rules = forwarding.rules;
    this.deadLetterQueue = forwarding.deadLetterQueue;
    this.alarm = forwarding.alarm;
  }
}
