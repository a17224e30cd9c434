import type { Catalogue } from '@manas360/client'
import { callApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { Field } from '../../../parts/field.tsx'
import { Select } from '../../../parts/select.tsx'
import { useRights } from '../../../session/rights.ts'
import { ownNames } from '../../../shell/language.ts'
import { notify } from '../../../shell/notices.tsx'
import { assignableRoles } from '../assignable-roles.ts'
import { usePeopleTexts } from '../texts.ts'

type InviteProps = { catalogue: Catalogue | null; onClose: () => void; onDone: () => void }

/** Invites a person by mail, with a role and a plan. */
export function Invite({ catalogue, onClose, onDone }: InviteProps) {
  const t = usePeopleTexts()
  const rights = useRights()
  async function send({
    email = '',
    firstName,
    lastName,
    language,
    role,
    plan,
  }: Record<string, string>): Promise<void> {
    const filled = { firstName, lastName, language, role, plan }
    const json = Object.fromEntries(Object.entries(filled).filter(([, value]) => value))
    await callApi(() => client.v1.admin.users.$post({ json: { email, ...json } }))
    notify(t.invitedBy(email))
    onDone()
  }
  const standard = { value: '', text: t.standard }
  return (
    <ActionDialog
      title={t.invite}
      consequences={[t.inviteText]}
      submit={t.inviteSubmit}
      shown={['email', 'firstName', 'lastName']}
      onSubmit={send}
      onClose={onClose}
      fields={(errors) => (
        <>
          <Field label={t.email} name="email" type="email" autocomplete="off" required error={errors.email} />
          <Field label={t.firstName} name="firstName" autocomplete="off" error={errors.firstName} />
          <Field label={t.lastName} name="lastName" autocomplete="off" error={errors.lastName} />
          <Select
            label={t.languageOfMail}
            name="language"
            choices={[
              { value: 'en', text: ownNames.en },
              { value: 'hi', text: ownNames.hi },
            ]}
          />
          <Select
            label={t.role}
            name="role"
            choices={[standard, ...assignableRoles(catalogue, rights).map(({ name }) => ({ value: name, text: name }))]}
          />
          {rights.may('subscriptions.manage') && (
            <Select
              key="plan"
              label={t.plan}
              name="plan"
              choices={[
                standard,
                ...(catalogue?.plans ?? []).map(({ name, displayName }) => ({ value: name, text: displayName })),
              ]}
            />
          )}
        </>
      )}
    />
  )
}
