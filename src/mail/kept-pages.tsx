import type { ShownMail } from './kept-mails.ts'

const styles = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid;padding:1rem}iframe{width:100%;height:40rem;border:1px solid;background:#fff}`

/** The list of kept mails. */
export function listPage(mails: readonly ShownMail[]): string {
  return page(
    'Kept mail',
    <main>
      <h1>Kept mail</h1>
      <p>Without SMTP_URL nothing is sent; the newest mails are here. The first is the latest.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">To</th>
            <th scope="col">Subject</th>
          </tr>
        </thead>
        <tbody>
          {mails.map(({ id, at, to, subject }) => (
            <tr>
              <td>{at.toISOString()}</td>
              <td>{to}</td>
              <td>
                <a href={`/dev/mail/${id}`}>{subject}</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>,
  )
}

/** One mail: its link, its text, and its HTML in a frame that runs nothing. */
export function mailPage({ id, at, to, subject, text, link }: ShownMail): string {
  return page(
    subject,
    <main>
      <p>
        <a href="/dev/mail">All mail</a>
      </p>
      <h1>{subject}</h1>
      <p>
        To {to}, {at.toISOString()}
      </p>
      {link !== null && (
        <p>
          <a id="link" href={link}>
            {link}
          </a>
        </p>
      )}
      <h2>Text</h2>
      <pre>{text}</pre>
      <h2>HTML</h2>
      <iframe title="HTML" src={`/dev/mail/${id}/html`} sandbox="allow-popups allow-popups-to-escape-sandbox" />
    </main>,
  )
}

function page(title: string, body: unknown): string {
  const html = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>{title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/dev/mail.css" />
      </head>
      <body>{body as never}</body>
    </html>
  )
  return `<!doctype html>${html.toString()}`
}

/** The pages' style sheet. */
export const styleSheet = styles
