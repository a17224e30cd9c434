import { z } from 'zod'

// Fields of providers' answers are stored, put into paths and shown, so each has a bound and a form.

/** An id as a provider gives it out. */
export const Id = z.string().regex(/^[\x21-\x7e]{1,255}$/)
/** Epoch seconds, up to the year 9999. */
export const Seconds = z.int().min(0).max(253_402_300_799)
export const Time = Seconds.transform((seconds) => new Date(seconds * 1000))
/** In the provider's own minor units: up to ten billion of a currency with two decimals. */
export const Amount = z.int().min(0).max(1_000_000_000_000)
export const Currency = z.string().regex(/^[A-Za-z]{3}$/)
/** The URL of a provider's page, to which browsers are redirected. */
export const PageUrl = z
  .url({ protocol: /^https?$/ })
  .regex(/^[\x21-\x7e]+$/)
  .max(2_000)
