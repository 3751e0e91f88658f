import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmProps,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SOURCE } from './events';

/** What is watched, and who is told. */
export interface WatchProps {
  readonly function: IFunction;
  readonly deadLetterQueue: IQueue;
  readonly organizationQueue?: IQueue;
  readonly topic?: ITopic;
  readonly dashboard: boolean;
}

/** The namespace of the metrics in the function's log. */
const NAMESPACE = SOURCE;

/** Alarms for what needs a human, and a dashboard for the rest. */
export class Watch extends Construct {
  public readonly alarms: Alarm[];

  public constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const { deadLetterQueue } = props;
    const letters = deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      period: Duration.minutes(5),
      statistic: Stats.MAXIMUM,
    });
    const blocked = this.alarm(
      'RecordsBlocked',
      'a validation record cannot be written until somebody acts; the log and the event say how',
      ours('RecordsBlocked', Duration.minutes(30)),
    );
    this.alarms = [
      this.alarm('DeadLetters', 'events could not be delivered or done; the dead-letter queue holds them', letters),
      this.alarm(
        'FunctionErrors',
        'no next check could be armed for a certificate; the log says why',
        props.function.metricErrors({ period: Duration.minutes(5), statistic: Stats.SUM }),
      ),
      blocked,
      this.alarm(
        'CertificatesTimedOut',
        'ACM gave up a certificate after 72 hours; it has to be requested anew',
        ours('CertificatesTimedOut', Duration.hours(1)),
      ),
      this.alarm(
        'SweepMissing',
        'no sweep for two hours; what is lost now stays lost',
        ours('SweepFound', Duration.hours(1), Stats.SAMPLE_COUNT),
        {
          comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
          threshold: 1,
          evaluationPeriods: 2,
          // Every sweep says how much it found, be it nothing: silence is no sweep.
          treatMissingData: TreatMissingData.BREACHING,
        },
      ),
    ];
    if (props.topic) {
      const action = new SnsAction(props.topic);
      this.alarms.forEach((alarm) => {
        alarm.addAlarmAction(action);
        // A renewal that has been blocked for three days is looked at once a day: that there is no block to
        // count in between does not mean that it is mended.
        if (alarm !== blocked) alarm.addOkAction(action);
      });
    }
    if (props.dashboard) this.dashboard(props, letters);
  }

  private alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    more: Partial<AlarmProps> = {},
  ): Alarm {
    return new Alarm(this, id, {
      alarmDescription: `acm-dns-validator: ${alarmDescription}`,
      metric,
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...more,
    });
  }

  private dashboard(props: WatchProps, letters: IMetric): void {
    const hour = Duration.hours(1);
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 8, height: 6 });
    const queue = props.organizationQueue;
    new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(3),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: this.alarms, width: 24, height: 3 })],
        [
          graph('Certificates', [
            ours('CertificatesIssued', hour),
            ours('CertificatesFailed', hour),
            ours('CertificatesTimedOut', hour),
          ]),
          graph('Records', [ours('RecordsWritten', hour), ours('RecordsDeferred', hour), ours('RecordsBlocked', hour)]),
          graph('Records blocked, by reason', [
            new MathExpression({
              expression: `SEARCH('{${NAMESPACE},Reason} MetricName="RecordsBlocked"', 'Sum', ${hour.toSeconds()})`,
              usingMetrics: {},
              label: '',
              period: hour,
            }),
          ]),
        ],
        [
          graph('Seconds until a certificate is issued', [
            ours('TimeToIssue', hour, Stats.p(50)),
            ours('TimeToIssue', hour, Stats.p(90)),
            ours('TimeToIssue', hour, Stats.MAXIMUM),
          ]),
          graph('Checks armed, and what the sweep found', [
            ours('ChecksArmed', hour),
            ours('SweepFound', hour),
            ours('SweepArmed', hour),
          ]),
          graph('Waiting in queues', [
            letters,
            ...(queue ? [queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM })] : []),
          ]),
        ],
        [
          graph('Invocations', [
            props.function.metricInvocations({ period: hour }),
            props.function.metricErrors({ period: hour }),
            props.function.metricThrottles({ period: hour }),
          ]),
          graph('Duration', [
            props.function.metricDuration({ period: hour, statistic: Stats.p(50) }),
            props.function.metricDuration({ period: hour, statistic: Stats.MAXIMUM }),
          ]),
        ],
      ],
    });
  }
}

function ours(metricName: string, period: Duration, statistic = Stats.SUM): Metric {
  return new Metric({ namespace: NAMESPACE, metricName, period, statistic });
}
