import type { Person } from '@manas360/client'

export type DialogProps = { person: Person; changed: () => void; onClose: () => void }
