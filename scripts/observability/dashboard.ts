import { accountRows } from './account-rows.ts'
import { panelsOf } from './panels.ts'
import { requestRows } from './request-rows.ts'
import { workRows } from './work-rows.ts'

const datasource = { type: 'prometheus', uid: `$${'{datasource}'}` }

/** The Grafana dashboard, in the form of its provisioning (schema 39). */
export function dashboard() {
  return {
    uid: 'manas360',
    title: 'MANAS360',
    description: 'Requests, database, sign-in, rights, mail, billing, jobs and process of all instances',
    tags: ['manas360'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    graphTooltip: 1,
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {}, hide: 0 },
        {
          name: 'instance',
          label: 'Instance',
          type: 'query',
          datasource,
          query: { query: 'label_values(manas360_build_info{job="manas360"}, instance)', refId: 'instances' },
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    annotations: {
      list: [
        {
          name: 'Starts',
          datasource,
          enable: true,
          iconColor: 'blue',
          expr: 'changes(process_start_time_seconds{job="manas360"}[1m]) > 0',
          titleFormat: 'start',
          textFormat: '{{instance}}',
        },
      ],
    },
    panels: panelsOf([...requestRows, ...accountRows, ...workRows], datasource),
  }
}
