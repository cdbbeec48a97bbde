/** The register of consents. spec/consent.md (CNS-44). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { CONSENTS_LISTED_MAX, listAllConsents } from '../../src/registry/consent-list.ts'
import { consentShown, term } from './consent-schemas.ts'
import type { App, ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers } from './schemas.ts'

const { id, proof, asserted, given, state } = consentShown.shape
const listed = z.object({
  id,
  subject: z.string(),
  notice: z.object({ id: z.string(), name: z.string(), version: z.string() }),
  purposes: z.array(term).readonly(),
  withdrawn: z.array(term).readonly(),
  proof,
  asserted,
  given,
  /** Seconds since 1970. */
  given_at: z.int(),
  expires: z.int(),
  state,
})
const query = z.strictObject({
  state: state.exactOptional(),
  notice: z.string().min(1).max(64).exactOptional(),
  /** Those that an entry below it gave. */
  before: z.coerce.number().int().nonnegative().exactOptional(),
})

export function consentListRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/consents',
      summary: 'Consents of all data subjects, by pseudonym, the latest first, at most 200 at once',
      middleware: who(ctx, 'person'),
      request: { query },
      responses: answers(
        'The register',
        z.object({
          consents: z.array(listed),
          /** The `before` of the page behind; null: there is none. */
          next: z.int().nullable(),
        }),
      ),
    }),
    async (c) => {
      const { store } = ctx.registry
      const filter = c.req.valid('query')
      const consents = await store.query((db) => listAllConsents(db, filter, ctx.clock.now()))
      const next = consents.length === CONSENTS_LISTED_MAX ? (consents.at(-1)?.given ?? null) : null
      return c.json({ consents, next }, 200)
    },
  )
}
