import type { PageName } from './page-names.ts'
import type { SharedTexts } from './texts.ts'

/** A document to agree to when an invitation is accepted. */
export type ConsentDocument = { document: string; version: string; required: boolean }

type Props = {
  name: PageName
  passwordMinLength: number
  consentDocuments: readonly ConsentDocument[]
  shared: SharedTexts
}

/** The fields of a page, above its button. */
export function Fields({ name, passwordMinLength, consentDocuments, shared }: Props) {
  if (name === 'accept-team')
    return (
      <>
        <Field id="email" label={shared.emailLabel} type="email" autocomplete="username" />
        <Password id="password" label={shared.passwordLabel} autocomplete="current-password" show={shared.show} />
      </>
    )
  if (name !== 'reset-password' && name !== 'accept-invitation') return null
  const hint = shared.passwordHint(passwordMinLength)
  return (
    <>
      <Password
        id="password"
        label={shared.newPasswordLabel}
        autocomplete="new-password"
        show={shared.show}
        hint={hint}
      />
      {name === 'accept-invitation' && <Consents documents={consentDocuments} shared={shared} />}
    </>
  )
}

type FieldProps = { id: string; label: string; type: string; autocomplete: string; hint?: string }

function Field({ id, label, type, autocomplete, hint }: FieldProps) {
  const described = `${hint ? `${id}-hint ` : ''}${id}-error`
  return (
    <>
      <label for={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      <input
        id={id}
        name={id}
        type={type}
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
        required={true}
        aria-describedby={described}
      />
      <p id={`${id}-error`} class="error" />
    </>
  )
}

function Password({ show, ...field }: Omit<FieldProps, 'type'> & { show: string }) {
  return (
    <>
      <Field {...field} type="password" />
      <p>
        <button type="button" class="quiet" aria-controls={field.id}>
          {show}
        </button>
      </p>
    </>
  )
}

function Consents({ documents, shared }: { documents: readonly ConsentDocument[]; shared: SharedTexts }) {
  if (documents.length === 0) return null
  return (
    <fieldset aria-describedby="consents-error">
      <legend>{shared.consents}</legend>
      {documents.map(({ document, version, required }, i) => (
        <p class="choice">
          <input
            id={`consent-${i}`}
            type="checkbox"
            data-document={document}
            data-version={version}
            required={required}
          />
          <label for={`consent-${i}`}>{`${document} (${version})${required ? `, ${shared.required}` : ''}`}</label>
        </p>
      ))}
      <p id="consents-error" class="error" />
    </fieldset>
  )
}
