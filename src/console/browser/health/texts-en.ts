export const english = {
  health: 'Health',
  instances: 'Instances',
  instance: 'Instance',
  answering: (host: string) => `${host} (answers you)`,
  state: 'State',
  states: { ok: 'fine', degraded: 'degraded', failing: 'failing', draining: 'shutting down', silent: 'silent' },
  version: 'Version',
  since: 'Started',
  feedAge: 'Age of the rights feed',
  memory: 'Memory',
  megabytes: (count: string) => `${count} MB`,
  mail: 'Mail',
  mailOff: 'off',
  inbox: 'Billing events',
  webhooks: 'Webhooks',
  waits: (count: string) => `${count} waiting`,
  oldest: (time: string) => `the oldest for ${time}`,
  noneWaits: 'nothing is late',
  failed: (count: string) => `${count} failed`,
  endpoints: (failing: string, disabled: string) => `endpoints: ${failing} failing, ${disabled} disabled`,
}

export type HealthTexts = typeof english
