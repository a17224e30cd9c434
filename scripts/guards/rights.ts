import type { Guard } from './guard.ts'

const hierarchy = 'src/access/hierarchy.ts'
const bearerGuard = 'src/access/bearer-guard.ts'
const escalation = ['admin/users/escalation', 'admin/users/self-promotion']

/** Guards of rights. */
export const rightsGuards: Guard[] = [
  {
    name: 'the level check: nobody acts on who is above',
    file: hierarchy,
    from: 'if (authority.role !== superadmin && target.rank >= authority.rank)',
    to: 'if (authority.role !== superadmin && target.rank > 100)',
    tests: escalation,
  },
  {
    name: 'the level check: nor on an equal',
    file: hierarchy,
    from: 'target.rank >= authority.rank',
    to: 'target.rank > authority.rank',
    tests: escalation,
  },
  {
    name: 'nobody grants a permission that they lack',
    file: hierarchy,
    from: ' && permissions.every((permission) => actor.permissions.includes(permission))',
    to: ' && permissions.length >= 0',
    tests: [...escalation, 'admin/roles/role-edits'],
  },
  {
    name: 'nobody grants a level of their own',
    file: hierarchy,
    from: '(privilegeLevel < actor.rank && ',
    to: '(privilegeLevel <= 100 && ',
    tests: [...escalation, 'admin/roles/role-edits'],
  },
  {
    name: 'an administrator’s rights are those of the locked row',
    file: hierarchy,
    from: '  requireHeld(actor, permission)\n  return actor',
    to: '  return actor',
    tests: ['admin/users/hierarchy-races', ...escalation],
  },
  {
    name: 'an administrator who was locked meanwhile',
    file: hierarchy,
    from: "  if (actor?.status !== 'active') throw new AppError('account-disabled')\n  requireHeld",
    to: "  if (!actor) throw new AppError('account-disabled')\n  requireHeld",
    tests: ['admin/users/hierarchy-races', ...escalation],
  },
  {
    name: 'the last superadmin stays',
    file: hierarchy,
    from: "if (removes && target.role === superadmin && target.status === 'active'",
    to: "if (removes && target.role === 'nobody' && target.status === 'active'",
    tests: ['admin/users/escalation', 'admin/users/users'],
  },
  {
    name: 'a route’s permission',
    file: 'src/access/guards.ts',
    from: 'if (!permissions.every((permission) => held.includes(permission))) throw denied(permissions)',
    to: 'if (!held) throw denied(permissions)',
    tests: ['access/guards', 'matrix'],
  },
  {
    name: 'a route that says nothing of API keys is closed to them',
    file: bearerGuard,
    from: "if (keyPermission === null) throw new AppError('api-key-not-allowed')\n        ",
    to: 'if (keyPermission !== null) ',
    tests: ['api-keys/rights'],
  },
  {
    name: 'an API key’s addresses',
    file: bearerGuard,
    from: 'if (networks && !isWithin(networks, context.ip))',
    to: 'if (networks && !networks)',
    tests: ['api-keys/rights', 'api-keys/manage'],
  },
  {
    name: 'an API key’s permission',
    file: bearerGuard,
    from: 'if (!principal.permissions.includes(permission))',
    to: 'if (!permission)',
    tests: ['api-keys/rights'],
  },
  {
    name: 'an API key never does more than its owner',
    file: 'src/access/principal.ts',
    from: 'permissions: rights.permissions.filter((permission) => key.permissions.includes(permission))',
    to: 'permissions: key.permissions',
    tests: ['api-keys/rights'],
  },
  {
    name: 'administration is closed while changes of rights cannot be read',
    file: 'src/app.ts',
    from: 'if (contextOf(c).principal && feed.isStale())',
    to: 'if (!contextOf(c) && feed.isStale())',
    tests: ['changes/feed-faults', 'changes/feed-lost', 'changes/feed'],
  },
  {
    name: 'administration wants a second factor',
    file: 'src/access/strength-guards.ts',
    from: "if (c.get('deps').config.requireAdminMfa) requireAal2",
    to: "if (!c.get('deps')) requireAal2",
    tests: ['admin/admin-mfa'],
  },
  {
    name: 'a recent sign-in',
    file: 'src/access/strength-guards.ts',
    from: "      requireRecentAt(c.get('principal'), c.get('deps').now(), seconds)\n",
    to: '',
    tests: ['access/strength-guards'],
  },
  {
    name: 'a session of somebody else is not found',
    file: 'src/auth/session-queries.ts',
    from: 'select 1 from sessions where id = ${sessionId} and account_id = ${accountId} and ended_at is null',
    to: 'select 1 from sessions where id = ${sessionId} and ${accountId}::uuid is not null and ended_at is null',
    tests: ['auth/sessions', 'matrix'],
  },
  {
    name: 'an erasure takes everything that leads to the person',
    file: 'src/account/erasure.ts',
    from: "    if ('account' in erased) await deleteRowsOf(tx, table, erased.account, accountId)",
    to: "    if ('account' in erased && table !== 'sessions') await deleteRowsOf(tx, table, erased.account, accountId)",
    tests: ['account/erasure', 'account/personal-data'],
  },
  {
    name: 'an erasure takes the personal side of the trail',
    file: 'src/account/erasure.ts',
    from: '  await eraseAuditTraces(tx, accountId)\n',
    to: '',
    tests: ['account/erasure', 'account/personal-data'],
  },
]
