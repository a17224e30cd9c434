import {
  aws_cloudwatch_actions as actions,
  aws_cloudwatch as cw,
  type Stack,
  aws_sns as sns,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib'
import { databaseAlarms, logAlarms } from './data-alarms.ts'
import { type AlarmSpec, metricsOf, type Watched } from './metrics.ts'

/** All alarms go to one topic; `rollback` are the names of those that take a deployment back. */
export function createAlarms(scope: Stack, watched: Watched) {
  const topic = new sns.Topic(scope, 'Alarms', {
    topicName: 'manas360-alarms',
    enforceSSL: true,
    masterKey: watched.data.key,
  })
  topic.addSubscription(new subscriptions.EmailSubscription(watched.settings.alarmEmail))
  const notify = new actions.SnsAction(topic)
  const all: cw.Alarm[] = []
  const rollback: string[] = []
  const specs = { ...serviceAlarms(watched), ...databaseAlarms(watched), ...logAlarms(scope) }
  for (const [name, spec] of Object.entries(specs)) {
    const alarmName = `manas360-${name}`
    const alarm = new cw.Alarm(scope, `Alarm-${name}`, {
      alarmName,
      alarmDescription: spec.description,
      metric: spec.metric,
      threshold: spec.threshold,
      comparisonOperator: spec.isBelow
        ? cw.ComparisonOperator.LESS_THAN_THRESHOLD
        : cw.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 5,
      datapointsToAlarm: spec.minutes ?? 3,
      treatMissingData: spec.missing ?? cw.TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(notify)
    alarm.addOkAction(notify)
    all.push(alarm)
    if (spec.rollsBack) rollback.push(alarmName)
  }
  return { all, rollback, topic }
}

function serviceAlarms(watched: Watched): Record<string, AlarmSpec> {
  const { settings } = watched
  const metrics = metricsOf(watched)
  return {
    errors: {
      metric: metrics.errorPercent,
      threshold: 1,
      rollsBack: true,
      description: 'More than 1 % of answers are 5xx, the load balancer’s own among them',
    },
    latency: {
      metric: metrics.latencyP95,
      threshold: 1,
      rollsBack: true,
      description: '95 % of answers took longer than this many seconds; a log-in hashes a password, and takes longest',
    },
    'unhealthy-tasks': {
      metric: metrics.unhealthy,
      threshold: 0,
      rollsBack: true,
      description: 'A task does not answer /ready: it drains, or the database does not answer or takes no changes',
    },
    'few-tasks': {
      metric: metrics.runningTasks,
      threshold: settings.tasks.min,
      isBelow: true,
      missing: cw.TreatMissingData.BREACHING,
      description: 'Fewer tasks run than tasks.min',
    },
    'all-tasks': {
      metric: metrics.runningTasks,
      threshold: settings.tasks.max - 1,
      minutes: 5,
      description: 'As many tasks run as may: scaling has come to its end',
    },
    'task-cpu': { metric: metrics.taskCpu, threshold: 85, minutes: 5, description: 'CPU of the tasks, percent' },
    'task-memory': { metric: metrics.taskMemory, threshold: 85, description: 'Memory of the tasks, percent' },
    flood: {
      metric: metrics.blocked,
      threshold: 10_000,
      description: 'The firewall blocks many requests a minute',
    },
  }
}
