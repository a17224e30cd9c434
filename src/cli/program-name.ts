import { basename, delimiter, relative } from 'node:path'

/** How the program was started, as main.ts sees it. */
export type Start = {
  compiled: boolean
  /** The path of the running program: bun, or the compiled binary. */
  execPath: string
  entry: string
  path: string | undefined
  directory: string
}

/**
 * The command line that starts this program again: `manas360` for a binary on the PATH, `bun src/main.ts` where bun is
 * on the PATH, and otherwise `npx -y bun@… src/main.ts`, because the bun of npx is not on it.
 */
export function nameProgram({ compiled, execPath, entry, path, directory }: Start): string {
  const own = lasting(path)
  if (compiled) {
    const name = basename(execPath)
    return Bun.which(name, { PATH: own }) === execPath ? name : relativeTo(directory, execPath)
  }
  const isOfNpx = /[\\/]_npx[\\/]/.test(execPath)
  const runner = Bun.which('bun', { PATH: own }) ? 'bun' : isOfNpx ? `npx -y bun@${Bun.version}` : execPath
  return `${runner} ${relativeTo(directory, entry)}`
}

/** The PATH of the shell, without the folders that npm and bun prepend for scripts. */
function lasting(path = ''): string {
  return path
    .split(delimiter)
    .filter((folder) => !/[\\/](?:node_modules[\\/]\.bin|_npx|bun-node-[^\\/]*)(?:[\\/]|$)/.test(folder))
    .join(delimiter)
}

function relativeTo(directory: string, file: string): string {
  const way = relative(directory, file)
  if (way.startsWith('..')) return file
  return way.includes('/') || way.includes('\\') ? way : `./${way}`
}

const named = /\bmanas360(?= (?:serve|migrate|seed|create-admin|import|doctor|keys|jobs|audit|openapi|healthcheck)\b)/g

/** Replaces `manas360` in a text by the command line that the user can type. */
export function nameCommands(text: string, program: string): string {
  return text.replaceAll(named, () => program)
}
