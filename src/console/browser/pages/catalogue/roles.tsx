import type { Role } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { ifMatch, tagOfShown } from '../../calls/tagged.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Problem } from '../../parts/problem.tsx'
import { useRights } from '../../session/rights.ts'
import { Heading } from '../../shell/heading.tsx'
import { notify } from '../../shell/notices.tsx'
import { useTexts } from '../../shell/texts.ts'
import { Affected } from './affected.tsx'
import { Matrix } from './matrix.tsx'
import { readRole } from './reads.ts'
import { Review } from './review.tsx'
import { RoleDialog } from './role-dialog.tsx'
import { useStaged } from './staged.ts'
import { useCatalogueTexts } from './texts.ts'
import { Unsaved } from './unsaved.tsx'

/** The roles with their permissions, to view and edit. */
export function Roles() {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const rights = useRights()
  const [open, setOpen] = useState<{ kind: 'review' } | { kind: 'role'; role: Role | null } | null>(null)
  const roles = useAnswer('roles', () => readApi(() => client.v1.admin.roles.$get({ query: { limit: '100' } })), 'keep')
  const permissions = useAnswer('permissions', () =>
    readApi(() => client.v1.admin.permissions.$get({ query: { limit: '100' } })),
  )
  const find = (name: string) => roles.data?.items.find((role) => role.name === name)
  const staged = useStaged((column, row) => ({ isHeld: find(column)?.permissions.includes(row) ?? false, limit: null }))
  /** The service allows changes only of roles below one's own level, with permissions that one has. */
  const isFixed = ({ privilegeLevel, permissions: held }: Role) =>
    !rights.outranks(privilegeLevel, '') || (!rights.outranks(rights.level, '') && !held.every(rights.may))
  async function save(name: string): Promise<void> {
    const role = find(name)
    if (!role) return
    const etag = await tagOfShown(role, () => readRole(name))
    const wanted = (permissions.data?.items ?? [])
      .map((one) => one.name)
      .filter((row) => staged.cellOf(name, row).isHeld)
    await callApi(() =>
      client.v1.admin.roles[':name'].permissions.$put(
        { param: { name }, json: { permissions: wanted } },
        ifMatch(etag),
      ),
    )
    staged.drop(name)
    notify(t.saved(name))
    roles.reload()
  }
  const close = () => setOpen(null)
  return (
    <div>
      <Heading text={t.rolesTitle}>
        <button type="button" onClick={() => setOpen({ kind: 'role', role: null })}>
          {t.newRole}
        </button>
      </Heading>
      <Problem
        key="failed"
        failure={roles.failure ?? permissions.failure}
        retry={roles.failure ? roles.reload : permissions.reload}
      />
      {!roles.data && roles.isLoading && <p key="loading">{shared.loading}</p>}
      {roles.data && permissions.data && (
        <Matrix
          key="matrix"
          label={t.permission}
          columns={roles.data.items.map((role) => ({
            name: role.name,
            title: role.name,
            note: [t.level(role.privilegeLevel), role.retired && t.retired].filter(Boolean).join(', '),
            isFixed: isFixed(role),
            onEdit: () => setOpen({ kind: 'role', role }),
          }))}
          rows={permissions.data.items.map(({ name, description }) => ({ name, title: name, note: description }))}
          staged={staged}
        />
      )}
      <Unsaved staged={staged} onReview={() => setOpen({ kind: 'review' })} />
      {open?.kind === 'review' && (
        <Review
          key="review"
          staged={staged}
          titleOf={(row) => row}
          affected={(role) => <Affected of={{ role }} />}
          save={save}
          reload={roles.reload}
          onClose={close}
        />
      )}
      {open?.kind === 'role' && (
        <RoleDialog key={open.role?.name ?? 'new'} role={open.role} changed={roles.reload} onClose={close} />
      )}
    </div>
  )
}
