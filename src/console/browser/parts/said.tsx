/** So much of a text stands there at once. */
const shortLength = 80

/**
 * What something outside said, such as a mail server's refusal or the text of an error: what is long is folded, and its
 * marks of direction reach no further than itself.
 */
export function Said({ text }: { text: string }) {
  if (text.length <= shortLength)
    return (
      <code class="said">
        <bdi>{text}</bdi>
      </code>
    )
  return (
    <details class="said">
      <summary>
        <bdi>{`${[...text].slice(0, shortLength - 10).join('')} …`}</bdi>
      </summary>
      <code>
        <bdi>{text}</bdi>
      </code>
    </details>
  )
}
