/**
 * Ceremonies: made and asked after by a key, answered by a browser that has the secret. spec/people.md (CER-1 to CER-6).
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import { parseJson, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import {
  makeEnrolCeremony,
  makeGestureCeremony,
  makePasskeyCeremony,
  openCeremony,
  outcomeOf,
  type Question,
} from '../../src/registry/ceremonies.ts'
import {
  answerEnrolment,
  answerGesture,
  answerPasskey,
  declineCeremony,
} from '../../src/registry/ceremony-answers.ts'
import type { Made } from '../../src/registry/ceremony-rows.ts'
import { namesIn } from '../../src/registry/names.ts'
import { pageFile } from './ceremony-page.ts'
import { type App, type ServerContext } from './context.ts'
import { anyKey, anyone, who } from './middleware.ts'
import { ALGORITHMS, readRegistration } from './registration.ts'
import { answers, attestation, body, digest, enrolled, gestureParts, idParam, name, ok } from './schemas.ts'

const secret = z.string().min(1).max(128)
const shown = z.strictObject({
  tag: z.string().max(64),
  value: z.record(z.string(), z.unknown()),
  disclosures: z.array(z.string().max(40_000)).max(66).exactOptional(),
})
const made = z.object({
  id: z.string(),
  url: z.string(),
  /** Milliseconds since 1970. */
  expires: z.int(),
})

export function ceremonyRoutes(app: App, ctx: ServerContext): void {
  askRoutes(app, ctx)
  askPasskeyRoute(app, ctx)
  outcomeRoute(app, ctx)
  browserRoutes(app, ctx)

  app.get('/ceremony', () => pageFile('ceremony.html'))
  app.get('/ceremony/:file', (c) => pageFile(c.req.param('file')))
}

/** A link at a pinned origin, this server's own if it is one of them: passkeys work nowhere else (CER-1). */
export function linkOf(ctx: ServerContext, { ceremony, secret: own, expires }: Made): z.infer<typeof made> {
  const { origins } = ctx.settings
  const here = origins.find((origin) => URL.canParse(origin) && ctx.hosts().has(new URL(origin).host))
  return { id: ceremony, url: `${here ?? origins[0]}/ceremony#${own}`, expires }
}

function askRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ceremonies/enrol',
      summary: 'Ask for a passkey with an invitation; the key that signs becomes the operator key',
      middleware: anyKey(ctx),
      request: { body: body(z.strictObject({ secret, name: name.exactOptional() })) },
      responses: answers('A link, good for 10 minutes and one answer', made),
    }),
    async (c) => {
      const input = { ...c.req.valid('json'), operator: c.get('signedBy') }
      return c.json(linkOf(ctx, await makeEnrolCeremony(ctx.registry, input)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ceremonies',
      summary: "Ask for a gesture by the caller's passkey over what is shown",
      middleware: who(ctx, 'person'),
      request: { body: body(z.strictObject({ challenge: digest, shown })) },
      responses: answers('A link, good for 10 minutes and one answer', made),
    }),
    async (c) => {
      const { id, jkt } = c.get('caller')
      const by = { person: id, jkt }
      const { challenge, shown: given } = c.req.valid('json')
      const asked = { challenge, shown: { ...given, value: given.value as JsonObject } }
      return c.json(linkOf(ctx, await makeGestureCeremony(ctx.registry, by, asked)), 200)
    },
  )
}

function askPasskeyRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ceremonies/passkey',
      summary: "Ask for another passkey of the caller's, and for the gesture that adds it",
      middleware: who(ctx, 'person'),
      responses: answers('A link, good for 10 minutes and one answer', made),
    }),
    async (c) => {
      const { id, jkt } = c.get('caller')
      return c.json(linkOf(ctx, await makePasskeyCeremony(ctx.registry, { person: id, jkt })), 200)
    },
  )
}

function outcomeRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ceremonies/{id}',
      summary: 'What came of a ceremony, for the key that asked',
      middleware: anyKey(ctx),
      request: { params: idParam },
      responses: answers(
        'The state, and the answer once there is one',
        z.object({
          state: z.enum(['open', 'done', 'declined', 'expired']),
          enrolled: enrolled.extend({ next: z.string().exactOptional() }).exactOptional(),
          gesture: gestureParts.exactOptional(),
          /** Another passkey, and the ceremony that asks for the gesture which adds it (CER-6). */
          registered: z.object({ credential: attestation, next: z.string() }).exactOptional(),
        }),
      ),
    }),
    async (c) => {
      const jkt = thumbprint(ctx.registry.crypto, c.get('signedBy'))
      const { id } = c.req.valid('param')
      const outcome = await ctx.registry.store.query((db) => outcomeOf(db, id, jkt, ctx.clock.now()))
      return c.json(outcome, 200)
    },
  )
}

const question = z.object({
  kind: z.enum(['enrol', 'gesture', 'passkey']),
  state: z.enum(['open', 'used', 'expired']),
  expires: z.int(),
  person: z.object({ id: z.string(), name: z.string(), rev: z.string().nullable() }),
  jkt: z.string(),
  challenge: z.string(),
  shown: z.object({
    tag: z.string(),
    value: z.unknown(),
    disclosures: z.array(z.string()).readonly().exactOptional(),
  }),
  credential_ids: z.array(z.string()),
  rp_id: z.string(),
  origins: z.array(z.string()),
  algorithms: z.array(z.int()),
  log: z.object({ origin: z.string(), simulated: z.boolean() }),
  /** By identifier; nobody signs a name. */
  names: z.record(z.string(), z.string()),
  /** The log entry that the act points to. */
  entry: z.object({ index: z.int(), entry: z.unknown() }).nullable(),
})

function browserRoutes(app: App, ctx: ServerContext): void {
  const { registry, settings } = ctx
  const ask = (of: string): Promise<Question> =>
    registry.store.query((db) => openCeremony(registry, db, of, ctx.clock.now()))

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ceremonies/open',
      summary: 'What a browser with the secret is asked',
      middleware: anyone(),
      request: { body: body(z.strictObject({ secret })) },
      responses: answers('The question', question),
    }),
    async (c) => {
      const asked = await ask(c.req.valid('json').secret)
      const entry = await entryOf(ctx, asked.shown.value)
      const names = await registry.store.query((db) =>
        namesIn(registry, db, [asked.shown.value, entry?.entry ?? null]),
      )
      const { rp_id, origins, origin, simulated } = settings
      const place = { rp_id, origins, algorithms: [...ALGORITHMS], log: { origin, simulated } }
      return c.json({ ...asked, ...place, names, entry } as z.infer<typeof question>, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ceremonies/answer',
      summary: "The authenticator's answer: a registration or an assertion",
      middleware: anyone(),
      request: {
        body: body(
          z.union([
            z.strictObject({ secret, credential: attestation }),
            z.strictObject({ secret, gesture: gestureParts }),
          ]),
        ),
      },
      responses: answers(
        'Taken; with the secret of the ceremony that follows, when one does',
        z.object({ next: z.string().nullable() }),
      ),
    }),
    async (c) => {
      const input = c.req.valid('json')
      if ('gesture' in input) {
        await answerGesture(registry, input.secret, input.gesture)
        return c.json({ next: null }, 200)
      }
      const { challenge, kind } = await ask(input.secret)
      const credential = await readRegistration(registry.rp, challenge, input.credential)
      const next =
        kind === 'passkey'
          ? await answerPasskey(registry, input.secret, input.credential, credential)
          : await answerEnrolment(registry, input.secret, credential)
      return c.json({ next }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ceremonies/decline',
      summary: 'Ends a ceremony without an answer',
      middleware: anyone(),
      request: { body: body(z.strictObject({ secret })) },
      responses: answers('Declined', ok),
    }),
    async (c) => {
      await declineCeremony(registry, c.req.valid('json').secret)
      return c.json({ ok: true as const }, 200)
    },
  )
}

/** The entry that an act is about: what was proposed, or how a person registered. */
async function entryOf(
  ctx: ServerContext,
  act: JsonValue,
): Promise<{ index: number; entry: JsonValue } | null> {
  if (typeof act !== 'object' || act === null || Array.isArray(act)) return null
  const { proposal, registration } = act as { proposal?: JsonValue; registration?: JsonValue }
  const index = proposal ?? registration
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0) return null
  const { entries } = ctx.registry.store
  if (index >= (await entries.size())) return null
  const [bytes] = await entries.read(index, index + 1)
  return bytes === undefined || bytes.length === 0 ? null : { index, entry: parseJson(bytes) }
}
