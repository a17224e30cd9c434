import { useState } from 'hono/jsx/dom'
import { useTexts } from '../shell/texts.ts'

/** A text with a button that copies it, where the browser allows that. */
export function CopyableText({ text }: { text: string }) {
  const t = useTexts()
  const [isCopied, setCopied] = useState(false)
  const clipboard: Clipboard | undefined = navigator.clipboard
  return (
    <p class="copied">
      <code>{text}</code>{' '}
      {clipboard && (
        <button
          type="button"
          class="quiet"
          key="copy"
          onClick={() =>
            clipboard.writeText(text).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {t.copy}
        </button>
      )}
      <span role="status">{isCopied ? t.copied : ''}</span>
    </p>
  )
}
