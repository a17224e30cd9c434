import { plainText } from './plain-text.ts'

/** So much of a text stands there at once. */
const shortLength = 80

/** What something outside said, such as a mail server's refusal or the text of an error, as it is; what is long is folded. */
export function Said({ text }: { text: string }) {
  const whole = plainText(text)
  if (whole.length <= shortLength) return <code class="said">{whole}</code>
  return (
    <details class="said">
      <summary>{`${[...whole].slice(0, shortLength - 10).join('')} …`}</summary>
      <code>{whole}</code>
    </details>
  )
}
