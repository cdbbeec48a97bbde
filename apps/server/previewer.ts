/**
 * Who looks in an auditor's preview: by the key that signs, or in the session that a passkey opened. spec/preview.md
 * (PRV-5 to PRV-7). Invariant: whoever comes this far is the holder of now, of a preview that is in force.
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { scopeOf, type PreviewRow } from '../../src/registry/preview-rows.ts'
import { findInForce } from '../../src/registry/previews.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { anyone, who } from './middleware.ts'
import { Pace } from './pace.ts'
import { SubjectSessions, SUBJECT_SESSION_MS } from './subject-sessions.ts'

export const PREVIEW_COOKIE = 'countersign_preview'
/** PRV-7: of one preview. */
export const LOOKS_A_MINUTE_MAX = 120
/** An extract costs as much as so many looks. */
const EXPORT_LOOKS = 20

export class Previewers {
  readonly #ctx: ServerContext
  readonly #sessions: SubjectSessions
  readonly #pace: Pace

  constructor(ctx: ServerContext) {
    this.#ctx = ctx
    this.#sessions = new SubjectSessions(ctx.registry.crypto, ctx.clock)
    this.#pace = new Pace(ctx.clock, LOOKS_A_MINUTE_MAX, 'looks')
  }

  /** @param registration of the passkey: a session is of it, and over when another takes its place (PRV-4) */
  signIn(c: Context<AppEnv>, preview: string, registration: number): void {
    setCookie(c, PREVIEW_COOKIE, this.#sessions.open(preview, String(registration)), {
      httpOnly: true,
      sameSite: 'Strict',
      secure: new URL(this.#ctx.publicUrl()).protocol === 'https:',
      path: '/v1/preview',
      maxAge: SUBJECT_SESSION_MS / 1000,
    })
  }

  signOut(c: Context<AppEnv>): void {
    const secret = getCookie(c, PREVIEW_COOKIE)
    if (secret !== undefined) this.#sessions.end(secret)
    setCookie(c, PREVIEW_COOKIE, '', { path: '/v1/preview', maxAge: 0 })
  }

  /** The auditor's key, or a browser with a session of theirs. */
  middleware(): MiddlewareHandler<AppEnv> {
    const keyed = who(this.#ctx, 'auditor')
    const open = anyone()
    return async (c, next) => {
      const session = this.#sessions.sessionOf(getCookie(c, PREVIEW_COOKIE))
      const isSigned = c.req.header('dpop') !== undefined
      if (session === null || isSigned) return keyed(c, () => this.#admit(c, null, next))
      if ((c.req.header('sec-fetch-site') ?? 'same-origin') !== 'same-origin')
        throw new ApiError('FORBIDDEN', 'this is for a page of this server alone')
      c.set('caller', { kind: 'auditor', id: session.subject, jkt: '' })
      return open(c, () => this.#admit(c, Number(session.by), next))
    }
  }

  async #admit(c: Context<AppEnv>, registration: number | null, next: () => Promise<void>): Promise<void> {
    const { id } = c.get('caller')
    this.#pace.take(id, c.req.path === '/v1/preview/export' ? EXPORT_LOOKS : 1)
    const { store } = this.#ctx.registry
    const now = await store.now()
    const row = await store.query((db) => findInForce({ db, now }, id))
    if (registration !== null && row.registration !== registration)
      throw new ApiError('AUTH_MISSING', 'another passkey or key took the place of this one: sign in with it')
    const fault = this.#ctx.fault()
    if (fault !== null)
      throw new ApiError('LOG_NOT_PUBLISHED', 'a look is recorded first, and the log is not published now')
    c.set('preview', row)
    c.header('cache-control', 'no-store')
    await next()
  }
}

/** The grant that the caller looks under, with its criteria. */
export function previewOf(
  c: Context<AppEnv>,
): { readonly row: PreviewRow } & Pick<ReturnType<typeof scopeOf>, 'criteria' | 'period'> {
  const row = c.get('preview')
  const { criteria, period } = scopeOf(row)
  return { row, criteria, period }
}
