import type { Sink } from './write-lines.ts'

/** A file being written. `name`: as the person sees it. */
export type OpenFile = Sink & {
  name: (isWhole: boolean) => string
  keep: (isWhole: boolean) => Promise<void>
  discard: () => Promise<void>
}

/** The most bytes held in memory where the browser cannot write to the disk during the download. */
const mostInMemory = 64 * 1024 * 1024

/** The file picker of browsers that write to the disk (the File System Access API of WICG). */
type Picker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>

/**
 * A file that the person chooses, or one among the downloads.
 * @returns null where the person chose none
 */
export async function openFile(name: string, type: string): Promise<OpenFile | null> {
  const { showSaveFilePicker: pick } = globalThis as { showSaveFilePicker?: Picker }
  if (!pick) return openDownload(name, type)
  try {
    return await openOnDisk(await pick({ suggestedName: name }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null
    // The picker is forbidden, e.g. by a policy of the organisation.
    return openDownload(name, type)
  }
}

async function openOnDisk(handle: FileSystemFileHandle): Promise<OpenFile> {
  const writing = await handle.createWritable()
  return {
    limit: Number.POSITIVE_INFINITY,
    write: (piece) => writing.write(piece),
    name: () => handle.name,
    keep: () => writing.close(),
    discard: () => writing.abort(),
  }
}

function openDownload(name: string, type: string): OpenFile {
  let pieces: Uint8Array<ArrayBuffer>[] = []
  const nameOf = (isWhole: boolean) => (isWhole ? name : name.replace(/(\.\w+)$/, '-incomplete$1'))
  return {
    limit: mostInMemory,
    write(piece) {
      // CopyableText: a view would keep the whole buffer in memory.
      pieces.push(piece.slice())
    },
    name: nameOf,
    async keep(isWhole) {
      const address = URL.createObjectURL(new Blob(pieces, { type }))
      const link = document.createElement('a')
      link.href = address
      link.download = nameOf(isWhole)
      link.click()
      setTimeout(() => URL.revokeObjectURL(address), 60_000)
      pieces = []
    },
    async discard() {
      pieces = []
    },
  }
}
