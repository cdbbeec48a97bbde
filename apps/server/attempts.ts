/** Attempts of strangers that come to nothing, by the address that they come from. spec/sessions.md (SES-6). @module */
import type { Context } from 'hono'
import { addressOf } from './address.ts'
import type { AppEnv } from './context.ts'
import type { Pace } from './pace.ts'

/**
 * Who has what it takes is not refused for what others of the address did: behind a proxy that is everybody.
 * @throws {ApiError} `TOO_MANY`: it failed, as others of the address before
 */
export async function countFailures<T>(
  failures: Pace,
  c: Context<AppEnv>,
  attempt: () => T | Promise<T>,
): Promise<T> {
  try {
    return await attempt()
  } catch (cause) {
    failures.take(addressOf(c))
    throw cause
  }
}
