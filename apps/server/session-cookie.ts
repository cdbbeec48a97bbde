/** The cookie that a person's browser has a session by. spec/sessions.md (SES-2, SES-4). @module */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { Kysely } from 'kysely'
import type { Schema } from '../../src/ports/schema.ts'
import { isLoggedOut } from '../../src/registry/logouts.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { SESSION_COOKIE, SESSION_TTL_MS, type Session, type SignedInBy } from './sessions.ts'

/** By TLS a name that no other host of the domain, and no page without TLS, can set (RFC 6265bis). */
export function sessionCookie(ctx: ServerContext): string {
  return `${isSecure(ctx) ? '__Host-' : ''}${SESSION_COOKIE}`
}

export function isSecure(ctx: ServerContext): boolean {
  return ctx.publicUrl().startsWith('https:')
}

export function setSessionCookie(c: Context<AppEnv>, ctx: ServerContext, secret: string): void {
  setCookie(c, sessionCookie(ctx), secret, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: SESSION_TTL_MS / 1000,
    secure: isSecure(ctx),
  })
}

export function clearSessionCookie(c: Context<AppEnv>, ctx: ServerContext): void {
  const secure = isSecure(ctx)
  setCookie(c, sessionCookie(ctx), '', { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 0, secure })
}

/** By which a page says that it asks by itself, and nobody was at it. */
const BACKGROUND = 'countersign-background'

/** SES-3: neither what streams nor what a page asks by itself is somebody at the screen. */
export function isAttended(c: Context<AppEnv>): boolean {
  const isStream = c.req.header('accept')?.includes('text/event-stream') === true
  return !isStream && c.req.header(BACKGROUND) === undefined
}

/** The session of the browser that asks, whose person is still here; with its secret replaced if it has grown old. */
export async function sessionIn(ctx: ServerContext, c: Context<AppEnv>): Promise<Session | null> {
  const secret = getCookie(c, sessionCookie(ctx))
  const session = ctx.sessions.sessionOf(secret, isAttended(c))
  if (secret === undefined || session === null) return null
  if (!(await ctx.registry.store.query((db) => isHere(db, session)))) return null
  const next = ctx.sessions.rotate(secret)
  if (next !== null) setSessionCookie(c, ctx, next)
  return session
}

/**
 * Its person has neither left nor been recovered, the passkey that began it was not removed, and the provider that did has
 * not said that it is over, on whichever node.
 */
export async function isHere(
  db: Kysely<Schema>,
  { person, how, registration, began }: Pick<Session, 'person' | 'how' | 'registration' | 'began'>,
): Promise<boolean> {
  const row = await db
    .selectFrom('people')
    .select(['status', 'registration'])
    .where('id', '=', person)
    .executeTakeFirst()
  const isSame = row?.status === 'enrolled' && row.registration === registration
  if (isSame && how.by === 'oidc') return !(await isLoggedOut(db, how.oidc.logouts, began))
  if (!isSame || how.by !== 'passkey') return isSame
  const passkey = await db
    .selectFrom('passkeys')
    .select('status')
    .where('registration', '=', how.passkey)
    .executeTakeFirst()
  return passkey !== undefined && (passkey.status === 'waiting' || passkey.status === 'counts')
}

/** Somebody comes in: their browser is given a session that no browser had before, of their registration as it is now. */
export async function beginSession(
  ctx: ServerContext,
  c: Context<AppEnv>,
  person: string,
  how: SignedInBy,
): Promise<void> {
  const row = await ctx.registry.store.query((db) =>
    db.selectFrom('people').select('registration').where('id', '=', person).executeTakeFirst(),
  )
  setSessionCookie(c, ctx, ctx.sessions.begin(person, how, row?.registration ?? null))
}

/** A browser with a ticket of a link comes in. @returns false: the ticket is unknown, used or over */
export function openByTicket(ctx: ServerContext, c: Context<AppEnv>, ticket: string): boolean {
  const secret = ctx.sessions.redeem(ticket)
  if (secret === null) return false
  setSessionCookie(c, ctx, secret)
  return true
}
