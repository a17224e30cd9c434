import type { Guard } from './guard.ts'

const onDemand = 'src/jobs/on-demand.ts'
const jobs = ['ops/jobs']
const edits = ['admin/changed-meanwhile']

/** Guards of operators' actions in the console. */
export const operatorGuards: Guard[] = [
  {
    name: 'a job is begun once, however many ask',
    file: onDemand,
    from: '          if (!(await claimJob(tx, job.name, 0))) return null\n',
    to: '',
    tests: jobs,
  },
  {
    name: 'who begins a job may do so now',
    file: 'src/ops/jobs.ts',
    from: "    await authorise(tx, actor.principal, 'settings.manage')\n",
    to: "    await authorise(tx, actor.principal, 'profile.read')\n",
    tests: jobs,
  },
  {
    name: 'as many jobs at a time as there are connections for',
    file: onDemand,
    from: "      if (running.size >= maxAtOnce) throw new AppError('overloaded')\n",
    to: '',
    tests: jobs,
  },
  {
    name: 'the tag of a plan is judged by the database',
    file: 'src/admin/plans/plans.ts',
    from: '      precondition?.(tagOf(requirePlan(await readCatalogue(tx), name)))\n',
    to: '      precondition?.(tagOf(requirePlan(deps.catalogue.current, name)))\n',
    tests: edits,
  },
  {
    name: 'the tag of a feature is judged by the database',
    file: 'src/admin/plans/plans.ts',
    from: '      precondition?.(tagOf(requireFeatureItem(await readCatalogue(tx), name)))\n',
    to: '      precondition?.(tagOf(requireFeatureItem(deps.catalogue.current, name)))\n',
    tests: edits,
  },
  {
    name: 'of parallel edits of a role with one tag one passes',
    file: 'src/admin/roles/roles.ts',
    from: '  await lockRole(tx, name)\n',
    to: '',
    tests: edits,
  },
  {
    name: 'a weak tag is no tag of what is to be changed',
    file: 'src/http/precondition.ts',
    from: 'if (!known.has(etag))',
    to: 'if (![etag, `W/${etag}`].some((tag) => known.has(tag)))',
    tests: edits,
  },
]
