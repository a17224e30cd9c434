import type { z } from 'zod'

type Schemas = Record<string, z.ZodType>

/** What environment variables say once their schemas have parsed them. */
export type Values<S extends Schemas> = { [Name in keyof S]: z.output<S[Name]> }

/** A secret, so that none serves two purposes and production gets no weak one. */
export type Secret = {
  /** Completes "which …", as in "signs access tokens". */
  purpose: string
  /** Production refuses a shorter one, where that is more than its schema demands. */
  minProductionLength?: number
}

/**
 * The configuration of one room (`src/<room>/variables.ts`): `src/room-config.ts` joins them. A room may read variables of
 * rooms below it: its `config` then says so in the type of its parameter.
 */
export type RoomConfiguration<S extends Schemas, E, C extends object> = {
  /** Name to schema. Each name also stands in `.env.example` and `.env.production.example`. */
  variables: S
  /** What services find in `deps.config`. */
  config: (values: E) => C
  /** How variables fit together, and what production demands: problems as `NAME: sentence`. Malformed variables are missing. */
  check?: (values: Partial<E>) => string[]
  secrets?: Partial<Record<keyof S, Secret>>
  /** What production says of a malformed value, where it demands more than the schema. */
  demands?: Partial<Record<keyof S, string>>
}

/** Infers the types of a room's configuration. */
export function configuration<S extends Schemas, C extends object, E extends Values<S> = Values<S>>(
  room: RoomConfiguration<S, E, C>,
): RoomConfiguration<S, E, C> {
  return room
}

/** What the services of a room find in `deps.config`. */
export type ConfigOf<R extends { config: (values: never) => object }> = Readonly<ReturnType<R['config']>>
