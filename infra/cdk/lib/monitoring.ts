import { Aws, Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmProps,
  CfnDashboard,
  ComparisonOperator,
  IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { OVERVIEW, SOURCE } from './events';

/** What to monitor, and the topic to notify. */
export interface MonitoringProps {
  readonly function: IFunction;
  readonly logGroup: ILogGroup;
  readonly deadLetterQueue: IQueue;
  readonly organizationQueue?: IQueue;
  readonly topic?: ITopic;
  /** The function behind the list of certificates. There is a dashboard if there is one. */
  readonly overview?: IFunction;
}

/** The namespace of the function's own metrics, which come from its log (embedded metric format). */
const NAMESPACE = SOURCE;

/** Alarms for everything that needs a human, and a dashboard. `template.yaml` has the same, with the same texts. */
export class Monitoring extends Construct {
  public readonly alarms: Alarm[];

  public constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { deadLetterQueue, organizationQueue } = props;
    const ours = (metricName: string, period: Duration, statistic = Stats.SUM) =>
      new Metric({ namespace: NAMESPACE, metricName, period, statistic, dimensionsMap: { FunctionName: props.function.functionName } });
    const fiveMinutes = { period: Duration.minutes(5), statistic: Stats.MAXIMUM };
    /** The command that shows the log. */
    const tail = (since: string, pattern?: string) =>
      `First run: \`aws logs tail ${props.logGroup.logGroupName} --since ${since}${pattern ? ` --filter-pattern '${pattern}'` : ''}\`.`;

    // These count single events. No data means that nothing new happened, not that somebody acted: so they do not notify when they
    // end. A period of five minutes, so that one certificate does not hide the next one.
    const events = [
      this.alarm(
        'CertificatesBlocked',
        'A certificate, or its renewal, is blocked: nobody can write its validation record, or ACM cannot see it, until somebody ' +
          'acts. This alarm fires when the block is found first, and after 15 minutes and 1, 6, 24 and 48 hours; for a renewal ' +
          `daily. ${tail('1h', '{ $.state = "BLOCKED" }')}`,
        ours('CertificatesBlocked', Duration.minutes(5)),
        AT_LEAST_ONE,
      ),
      this.alarm(
        'CertificatesFailed',
        'ACM gave up a certificate, a renewal or a move to DNS validation, for instance because of a CAA record. A certificate ' +
          `that failed is never issued, and one whose renewal failed will expire. ${tail('1h', '{ $.state = "FAILED" }')}`,
        ours('CertificatesFailed', Duration.minutes(5)),
        AT_LEAST_ONE,
      ),
      this.alarm(
        'CertificatesTimedOut',
        'Nobody validated a certificate in 72 hours, and ACM gave it up. It is never issued: find out why, then request a new one. ' +
          tail('1h', '{ $.state = "TIMED_OUT" }'),
        ours('CertificatesTimedOut', Duration.minutes(5)),
        AT_LEAST_ONE,
      ),
      // An audit counts each certificate once, in the invocation that finds it.
      this.alarm(
        'CertificatesAtRisk',
        'An audit found certificates that are in use and will not be renewed unless somebody acts: a validation record is missing or ' +
          'not seen, a CAA record forbids Amazon, or a person must approve. They serve until they expire. ' +
          tail('1h', '{ $.message = "audit finding" && $.level = "WARN" }'),
        ours('CertificatesAtRisk', Duration.minutes(5)),
        AT_LEAST_ONE,
      ),
    ];
    this.alarms = [
      this.alarm(
        'DeadLetters',
        'Events could not be delivered, or the function failed on them repeatedly. They wait in the dead-letter queue for two ' +
          'weeks. The hourly sweep schedules checks for certificates that are still pending. ' +
          `First run: \`infra/dead-letters --stack ${Aws.STACK_NAME} explain\`.`,
        deadLetterQueue.metricApproximateNumberOfMessagesVisible(fiveMinutes),
      ),
      this.alarm(
        'FunctionErrors',
        'An invocation failed, and Lambda or the queue tries it again. In most cases the next check of a certificate could not be ' +
          `scheduled. ${tail('1h', '{ $.level = "ERROR" }')}`,
        props.function.metricErrors({ period: Duration.minutes(5), statistic: Stats.SUM }),
      ),
      ...(organizationQueue
        ? [
            this.alarm(
              'OrganizationQueueAge',
              'The oldest message of the organization queue has waited for more than 15 minutes. The function is throttled, fails ' +
                'on it, or gets more messages than it can process. Checks are late. ' +
                `First run: \`aws sqs get-queue-attributes --queue-url ${organizationQueue.queueUrl} --attribute-names All\`.`,
              organizationQueue.metricApproximateAgeOfOldestMessage(fiveMinutes),
              // A message that fails is received again after 780 seconds. So one failure fires nothing, and a second one does.
              { threshold: 900 },
            ),
          ]
        : []),
      ...events,
      this.alarm(
        'SweepMissing',
        'There was no sweep for two hours. Certificates whose events are lost get no check. A new stack is in alarm until its ' +
          `first sweep. ${tail('3h')} If it shows no invocation, look at the schedule, and for failed sweeps in the ` +
          'dead-letter queue.',
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
        'A sweep could not read a region of an account, or could not schedule a check in it. Certificates there whose events are ' +
          `lost get no check until a sweep succeeds. ${tail('2h', '{ $.level = "WARN" || $.level = "ERROR" }')}`,
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
        if (!events.includes(alarm)) alarm.addOkAction(action);
      });
    }
    if (props.overview) {
      // Not the widgets of the CDK: they write each metric in their own way, and this body can be compared with template.yaml's.
      const dashboardBody = Stack.of(this).toJsonString(dashboard(props, props.overview.functionArn, this.alarms));
      new CfnDashboard(this, 'Dashboard', { dashboardBody });
    }
  }

  private alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    more: Partial<AlarmProps> = {},
  ): Alarm {
    return new Alarm(this, id, {
      alarmDescription:
        `acm-dns-validator, stack ${Aws.STACK_NAME}: ${alarmDescription} More: docs/operating.md#${id.toLowerCase()}`,
      metric,
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...more,
    });
  }
}

const AT_LEAST_ONE = { threshold: 1, comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD };

const GREEN = '#2ca02c';
const RED = '#d62728';
const ORANGE = '#ff7f0e';

/** The body of the dashboard. A metric is a row: namespace, name, dimensions, how to draw it; `.` repeats what is above. */
function dashboard(props: MonitoringProps, overviewArn: string, alarms: Alarm[]): unknown {
  const { logGroupName } = props.logGroup;
  const { functionName } = props.function;
  const region = Aws.REGION;
  const at = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });
  type Rows = Record<string, object>;
  const rows = (metrics: Rows) =>
    Object.entries(metrics).map(([name, how], index) =>
      index === 0 ? [NAMESPACE, name, 'FunctionName', functionName, how] : ['.', name, '.', '.', how],
    );
  const graph = (title: string, place: object, metrics: unknown[], more: object = { stat: 'Sum', period: 3600 }) => ({
    type: 'metric', ...place, properties: { title, region, ...more, metrics },
  });
  const log = (title: string, place: object, ...query: string[]) => ({
    type: 'log', ...place,
    properties: { title, region, view: 'table', query: [`SOURCE '${logGroupName}'`, ...query].join(' | ') },
  });
  const search = `{${NAMESPACE},FunctionName,Reason} MetricName="RecordsBlocked" FunctionName="${functionName}"`;
  const queue = props.organizationQueue;
  return {
    start: '-P3D',
    widgets: [
      {
        type: 'custom', ...at(0, 0, 24, 9),
        properties: {
          title: 'Certificates now',
          endpoint: overviewArn,
          params: { source: SOURCE, 'detail-type': OVERVIEW, resources: [], detail: {} },
          updateOn: { refresh: true, resize: true, timeRange: true },
        },
      },
      { type: 'alarm', ...at(0, 9, 24, 3), properties: { title: 'Alarms', alarms: alarms.map((alarm) => alarm.alarmArn) } },
      // The last line about each certificate says what it is now.
      log(
        'Blocked certificates', at(0, 12, 24, 6),
        'filter ispresent(certificate) and ispresent(state)',
        'stats max(@timestamp) as checked, latest(state) as status, latest(domain) as name, latest(reason) as why by certificate',
        "filter status = 'BLOCKED'", 'sort checked desc', 'limit 100',
      ),
      graph('Certificates', at(0, 18, 8, 6), rows({
        CertificatesIssued: { label: 'issued', color: GREEN },
        CertificatesBlocked: { label: 'blocked', color: '#9467bd' },
        CertificatesFailed: { label: 'failed', color: RED },
        CertificatesTimedOut: { label: 'timed out', color: ORANGE },
      })),
      graph('Records', at(8, 18, 8, 6), rows({
        RecordsWritten: { label: 'written', color: GREEN },
        RecordsWouldWrite: { label: 'would be written (dry run)', color: '#1f77b4' },
        RecordsDeferred: { label: 'deferred', color: ORANGE },
        RecordsBlocked: { label: 'blocked, at every check', color: RED },
      })),
      graph('Seconds to issue', at(16, 18, 8, 6), [
        ...rows({ TimeToIssue: { stat: 'p50', label: 'median' } }),
        ['...', { stat: 'p90', label: '90 %' }],
        ['...', { stat: 'Maximum', label: 'longest' }],
      ], { period: 3600 }),
      graph('Blocked records by reason', at(0, 24, 8, 6), [
        [{ id: 'reasons', expression: `SEARCH('${search}', 'Sum', 3600)` }],
      ], { period: 3600 }),
      graph('Checks and sweeps', at(8, 24, 8, 6), rows({
        ChecksArmed: { label: 'checks scheduled' },
        SweepFound: { label: 'found by the sweep' },
        SweepArmed: { label: 'scheduled by the sweep' },
        SweepPlacesFailed: { label: 'regions not swept', color: RED },
      })),
      graph('Function', at(16, 24, 8, 6), [
        ['AWS/Lambda', 'Invocations', 'FunctionName', functionName],
        ['.', 'Errors', '.', '.'],
        ['.', 'Throttles', '.', '.'],
        ['.', 'Duration', '.', '.', { stat: 'Maximum', yAxis: 'right' }],
      ], { stat: 'Sum', period: 300 }),
      graph('Messages in queues', at(0, 30, 8, 6), [
        ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', props.deadLetterQueue.queueName, { label: 'dead letters', color: RED }],
        ...(queue
          ? [
              ['.', '.', '.', queue.queueName, { label: 'organization queue' }],
              ['.', 'ApproximateAgeOfOldestMessage', '.', '.', { label: 'seconds the oldest has waited', yAxis: 'right' }],
            ]
          : []),
      ], { stat: 'Maximum', period: 300 }),
      graph('Refused and lost', at(8, 30, 8, 6), rows({
        RequestsRejected: { label: 'requests rejected' },
        CertificatesOutOfReach: { label: 'certificates out of reach' },
        EventsLost: { label: 'events lost', color: RED },
      })),
      graph('Audits, by day', at(16, 30, 8, 6), rows({
        CertificatesAudited: { label: 'certificates audited', yAxis: 'right' },
        CertificatesAtRisk: { label: 'at risk', color: RED },
        RecordsUnused: { label: 'records unused', color: ORANGE },
        RecordsRepaired: { label: 'records put back', color: GREEN },
      }), { stat: 'Sum', period: 86400, start: '-P63D' }),
      log(
        'Warnings and errors', at(0, 36, 24, 8),
        'fields @timestamp, level, message, state, domain, record, zone_name, reason, error, account, region',
        "filter level in ['WARN', 'ERROR']", 'sort @timestamp desc', 'limit 50',
      ),
    ],
  };
}
