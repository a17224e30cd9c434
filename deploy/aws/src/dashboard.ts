import { aws_cloudwatch as cw, type Stack } from 'aws-cdk-lib'
import { metricsOf, type Watched } from './metrics.ts'

/** One page: is it answering, is it fast, what is it made of. */
export function createDashboard(scope: Stack, watched: Watched, alarms: cw.IAlarm[]): void {
  const metrics = metricsOf(watched)
  const graph = (title: string, left: cw.IMetric[], right: cw.IMetric[] = []) =>
    new cw.GraphWidget({ title, left, right, width: 8, height: 6 })
  new cw.Dashboard(scope, 'Dashboard', {
    dashboardName: 'manas360',
    widgets: [
      [new cw.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 4 })],
      [
        graph('Requests a minute, connections', [metrics.requests], [metrics.connections]),
        graph('5xx, percent', [metrics.errorPercent], [metrics.unhealthy]),
        graph('Latency, seconds', [metrics.latencyP50, metrics.latencyP95, metrics.latencyP99]),
      ],
      [
        graph('Tasks', [metrics.runningTasks]),
        graph('Tasks: CPU and memory, percent', [metrics.taskCpu, metrics.taskMemory]),
        graph('Firewall: blocked a minute', [metrics.blocked]),
      ],
      [
        graph('Database: CPU, connections', [metrics.databaseCpu], [metrics.databaseConnections]),
        graph('Database: free storage and memory', [metrics.databaseStorage], [metrics.databaseMemory]),
        graph('Database: latency of writes, lag of the replica', [
          metrics.databaseWriteLatency,
          ...(metrics.replicaLag ? [metrics.replicaLag] : []),
        ]),
      ],
      [
        graph('Valkey: CPU, memory', [metrics.cacheCpu], [metrics.cacheMemory]),
        graph('Valkey: lag', [metrics.cacheLag]),
      ],
    ],
  })
}
