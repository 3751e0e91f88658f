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

/** What to monitor, and the topic to notify. */
export interface MonitoringProps {
  readonly function: IFunction;
  readonly deadLetterQueue: IQueue;
  readonly organizationQueue?: IQueue;
  readonly topic?: ITopic;
  readonly dashboard: boolean;
}

/** The namespace of the function's own metrics, which come from its log (embedded metric format). */
const NAMESPACE = SOURCE;

/** Alarms for everything that needs a human, and a dashboard. */
export class Monitoring extends Construct {
  public readonly alarms: Alarm[];

  public constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { deadLetterQueue } = props;
    const letters = deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      period: Duration.minutes(5),
      statistic: Stats.MAXIMUM,
    });
    const blocked = this.alarm(
      'RecordsBlocked',
      'A validation record cannot be written until somebody acts. Its certificate, or its renewal, stays pending until ' +
        'then. First read the event Certificate Validation State Change or the warnings in the log: they name the reason and ' +
        'what to do.',
      // A blocked renewal is checked every hour: within two hours the alarm does not end and begin again.
      ours('RecordsBlocked', Duration.hours(2)),
    );
    this.alarms = [
      this.alarm(
        'DeadLetters',
        'Events or sweeps could not be delivered, or the function failed on them repeatedly; they are in the dead-letter ' +
          'queue. Certificates that are still pending get a check from the hourly sweep. First read a message of the ' +
          'queue: it holds the event and, in most cases, the error.',
        letters,
      ),
      this.alarm(
        'FunctionErrors',
        'An invocation failed. In most cases the next check of a certificate could not be scheduled; the event is tried ' +
          'again, and the hourly sweep finds certificates that are still pending. First read the warnings and errors in the log.',
        props.function.metricErrors({ period: Duration.minutes(5), statistic: Stats.SUM }),
      ),
      blocked,
      this.alarm(
        'CertificatesTimedOut',
        'ACM gave up on a certificate after 72 hours without validation. That certificate can never be issued. First read ' +
          'in the log why its records were missing, then request a new certificate.',
        ours('CertificatesTimedOut', Duration.hours(1)),
      ),
      this.alarm(
        'SweepMissing',
        'There was no sweep for two hours. Certificates whose events are lost get no check. First look for failed sweeps ' +
          'in the dead-letter queue and in the log. A new stack is in alarm until its first sweep.',
        ours('SweepFound', Duration.hours(1), Stats.SAMPLE_COUNT),
        {
          comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
          threshold: 1,
          evaluationPeriods: 2,
          // Every sweep reports how many certificates it found, even zero: no data means no sweep.
          treatMissingData: TreatMissingData.BREACHING,
        },
      ),
      this.alarm(
        'SweepPlacesFailed',
        'A sweep could not read a region of an account, or could not schedule a check in it. Certificates there whose ' +
          'events are lost get no check until a sweep succeeds. First read the warnings of the sweep in the log: they name ' +
          'the account, the region and the error.',
        ours('SweepPlacesFailed', Duration.hours(1)),
        // A persistent failure is counted once an hour, by each sweep. Two periods of an hour, so that the alarm does not
        // end and begin again if one sweep is some seconds later than the one before.
        { evaluationPeriods: 2, datapointsToAlarm: 1 },
      ),
    ];
    if (props.topic) {
      const action = new SnsAction(props.topic);
      this.alarms.forEach((alarm) => {
        alarm.addAlarmAction(action);
        // No data means that no check has met a block, not that it is fixed: so this alarm does not report OK.
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

  private dashboard(props: MonitoringProps, letters: IMetric): void {
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
          graph('Blocked records by reason', [
            new MathExpression({
              expression: `SEARCH('{${NAMESPACE},Reason} MetricName="RecordsBlocked"', 'Sum', ${hour.toSeconds()})`,
              usingMetrics: {},
              label: '',
              period: hour,
            }),
          ]),
        ],
        [
          graph('Seconds to issue', [
            ours('TimeToIssue', hour, Stats.p(50)),
            ours('TimeToIssue', hour, Stats.p(90)),
            ours('TimeToIssue', hour, Stats.MAXIMUM),
          ]),
          graph('Checks and sweeps', [
            ours('ChecksArmed', hour),
            ours('SweepFound', hour),
            ours('SweepArmed', hour),
            ours('SweepPlacesFailed', hour),
          ]),
          graph('Messages in queues', [
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
