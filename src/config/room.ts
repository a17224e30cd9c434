import type { z } from 'zod'

type Schemas = Record<string, z.ZodType>

/** The values of environment variables, as parsed by their schemas. */
export type Values<S extends Schemas> = { [Name in keyof S]: z.output<S[Name]> }

/** A secret. No secret may serve two purposes, and production refuses weak ones. */
export type Secret = {
  /** Completes "which …", as in "signs access tokens". */
  purpose: string
  /** The shortest length in production, where it is more than the schema demands. */
  minProductionLength?: number
}

/**
 * The configuration of one room (`src/<room>/variables.ts`); `src/room-config.ts` joins them. A room may read variables
 * of rooms below it: the type of its `config`'s parameter then names them.
 */
export type RoomConfiguration<S extends Schemas, E, C extends object> = {
  /** Name to schema. Each name is also in `.env.example` and `.env.production.example`. */
  variables: S
  /** What services read in `deps.config`. */
  config: (values: E) => C
  /**
   * Checks variables against each other, and demands of production: problems as `NAME: sentence`. Malformed variables
   * are missing.
   */
  check?: (values: Partial<E>) => string[]
  secrets?: Partial<Record<keyof S, Secret>>
  /** The demand of production on a malformed value, where it is stricter than the schema. */
  demands?: Partial<Record<keyof S, string>>
}

/** Infers the types of a room's configuration. */
export function configuration<S extends Schemas, C extends object, E extends Values<S> = Values<S>>(
  room: RoomConfiguration<S, E, C>,
): RoomConfiguration<S, E, C> {
  return room
}

/** What the services of a room read in `deps.config`. */
export type ConfigOf<R extends { config: (values: never) => object }> = Readonly<ReturnType<R['config']>>
