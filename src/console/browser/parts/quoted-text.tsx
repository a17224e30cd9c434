import { plainText } from './plain-text.ts'

/** The length up to which a text is shown in full. */
const shortLength = 80

/** A text of another system, such as a mail server's error, unchanged; long texts are folded. */
export function QuotedText({ text }: { text: string }) {
  const whole = plainText(text)
  if (whole.length <= shortLength) return <code class="said">{whole}</code>
  return (
    <details class="said">
      <summary>{`${[...whole].slice(0, shortLength - 10).join('')} …`}</summary>
      <code>{whole}</code>
    </details>
  )
}
