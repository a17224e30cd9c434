import { jobTexts } from './job-texts-en.ts'

export const english = {
  title: 'Operations',
  parts: 'Parts of the page',
  tabs: { jobs: 'Jobs' },
  jobTexts,
  unknownJob: 'A job of the service.',
  job: 'Job',
  result: 'Last result',
  ended: 'Last run',
  took: 'Took',
  interval: 'Every',
  next: 'Next run',
  due: 'is due',
  action: 'Action',
  outcomes: { succeeded: 'succeeded', failed: 'failed' },
  running: 'runs now',
  neverRan: 'never ran',
  succeededLast: (ago: string) => `succeeded last ${ago}`,
  run: 'Run now',
  runText: [
    'It runs once, at once, on the instance that answers you; its schedule stays as it is.',
    'It cannot be stopped from here. That you asked for it stands in the audit trail.',
  ],
  slow: 'It may take minutes where there is much to do. Nothing waits for it.',
  begun: (name: string) => `${name} has begun. Its end is told here.`,
  ranAlready: (name: string) => `Somebody is running ${name} already; nothing was begun.`,
  hasSucceeded: (name: string, time: string) => `${name} succeeded after ${time}.`,
  hasFailed: (name: string, reason: string) => `${name} failed: ${reason}`,
  hasVanished: (name: string) => `${name} ended without a record: the instance may have stopped. Its log says more.`,
  saysMore: (start: string) => `${start} …`,
}

export type OperationsTexts = typeof english
