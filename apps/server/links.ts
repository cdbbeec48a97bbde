/**
 * Links that people open in a browser. spec/sessions.md (SES-1).
 * Invariant: what is secret in a link stands behind its `#`, which no server and no proxy is sent; a session begins by a
 * request that a page of ours makes, so that no page elsewhere brings a browser into a session that its person did not ask for.
 * @module
 */
import type { Context } from 'hono'
import { callerId, type AppEnv, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'

/** Where people's passkeys work: this server's own origin if it is one of them (CER-1). */
export function pinnedOrigin(ctx: ServerContext): string {
  const { origins } = ctx.settings
  const here = origins.find((origin) => URL.canParse(origin) && ctx.hosts().has(new URL(origin).host))
  return here ?? origins[0] ?? ctx.publicUrl()
}

/**
 * Good once and for a minute, for whoever signed the request. A session that made the next would outlast its end, whoever
 * opened it (SES-1, IDN-13).
 * @param page outside of the console, as `/review#out_…`; null: the console itself
 * @throws {ApiError} `FORBIDDEN`: asked for in a session. `TOO_MANY`
 */
export async function signInLink(
  ctx: ServerContext,
  c: Context<AppEnv>,
  page: string | null,
): Promise<string> {
  const person = callerId(c, 'person')
  if (c.req.header('dpop') === undefined)
    throw new ApiError('FORBIDDEN', 'a link with a session is asked for by a key, and not in a session')
  const { jkt } = c.get('caller')
  // Of the key that asked: whoever is recovered meanwhile has another.
  const asker = await ctx.registry.store.query((db) =>
    db.selectFrom('people').select('registration').where('operator_jkt', '=', jkt).executeTakeFirst(),
  )
  if (asker === undefined) throw new ApiError('AUTH_KEY_UNKNOWN', 'this key is not registered, or no longer')
  const to = page === null ? '' : `?page=${encodeURIComponent(page)}`
  const ticket = ctx.sessions.ticketFor(person, asker.registration)
  return `${pinnedOrigin(ctx)}/console/sign-in${to}#ticket=${ticket}`
}
