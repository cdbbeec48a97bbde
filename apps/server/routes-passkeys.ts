/** A person's passkeys: listed, added, named, removed. spec/people.md (PPL-8 to PPL-10, PPL-16). @module */
import { createRoute, z } from '@hono/zod-openapi'
import {
  addPasskey,
  additionOf,
  registrationOf,
  removalOf,
  removeOwnPasskey,
  removePasskeyOf,
  type Removed,
} from '../../src/registry/passkeys.ts'
import { listPasskeys, namePasskey } from '../../src/registry/passkey-views.ts'
import type { Credential } from '../../src/registry/enrolment.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { readRegistration } from './registration.ts'
import { acknowledged } from './routes-revocations.ts'
import {
  answers,
  attestation,
  body,
  framesAnswer,
  gestureParts,
  idParam,
  name,
  ok,
  reasonBody,
} from './schemas.ts'

const passkeyIndex = z.coerce.number<string>().int().nonnegative()
const passkeyParam = z.strictObject({ passkey: passkeyIndex })
const listed = z.object({
  passkeys: z.array(
    z.object({
      /** Index of the entry that registered it. */
      passkey: z.int(),
      name: z.string().nullable(),
      credential: z.string(),
      amr: z.array(z.string()).readonly(),
      backed_up: z.boolean(),
      /** Milliseconds since 1970. */
      added: z.int(),
      /** Milliseconds since 1970: when a session began by it last. */
      signed_in: z.int().nullable(),
      /** Of the passkey that added it; null: it was endorsed. */
      adder: z.int().nullable(),
    }),
  ),
})
const removalBody = reasonBody.extend({
  /** RFC 3339, as `compromised` alone: from when it is taken to be in other hands. */
  since: z.iso.datetime().exactOptional(),
})
const asked = <A extends z.ZodRawShape>(act: A) =>
  answers('The act and its challenge', z.object({ act: z.object(act), challenge: z.string() }))
const removed = framesAnswer.extend({
  /** Passkeys that it had added and that still count. */
  added: z.array(z.int()),
})

export function passkeyRoutes(app: App, ctx: ServerContext): void {
  listRoutes(app, ctx)
  addRoutes(app, ctx)
  removeRoutes(app, ctx)
}

function listRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/passkeys',
      summary: "The caller's passkeys that count",
      middleware: operator,
      responses: answers('The oldest first', listed),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      return c.json({ passkeys: await registry.store.query((db) => listPasskeys(registry, db, person)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/people/{id}/passkeys',
      summary: "A person's passkeys that count",
      middleware: operator,
      request: { params: idParam },
      responses: answers('The oldest first', listed),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json({ passkeys: await registry.store.query((db) => listPasskeys(registry, db, id)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/passkeys/{passkey}/name',
      summary: 'Name a passkey of your own, outside the log',
      middleware: operator,
      request: { params: passkeyParam, body: body(z.strictObject({ name })) },
      responses: answers('Named', ok),
    }),
    async (c) => {
      const { passkey } = c.req.valid('param')
      await namePasskey(registry, callerId(c, 'person'), passkey, c.req.valid('json').name)
      return c.json({ ok: true as const }, 200)
    },
  )
}

function addRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const read = async (person: string, given: z.infer<typeof attestation>): Promise<Credential> => {
    const { challenge } = await registry.store.query((db) => registrationOf(registry, db, person))
    return readRegistration(registry.rp, challenge, given)
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/passkeys/registration',
      summary: 'What the registration of another passkey of the caller is over',
      middleware: operator,
      responses: asked({
        act: z.literal('person.passkey'),
        person: z.string(),
        registration: z.int(),
        after: z.int(),
      }),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      return c.json(await registry.store.query((db) => registrationOf(registry, db, person)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/passkeys/adding',
      summary:
        'What a passkey of the caller that counts signs to add the one that was registered; keeps nothing',
      middleware: operator,
      request: { body: body(z.strictObject({ credential: attestation })) },
      responses: asked({
        act: z.literal('person.add_passkey'),
        person: z.string(),
        registration: z.int(),
        credential: z.string(),
      }),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const credential = await read(person, c.req.valid('json').credential)
      return c.json(await registry.store.query((db) => additionOf(registry, db, person, credential)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/passkeys',
      summary: 'Add another passkey, with a gesture of one that counts',
      middleware: operator,
      request: {
        body: body(gestureParts.extend({ credential: attestation, name: name.exactOptional() })),
      },
      responses: answers('Added: it counts from here on', z.object({ passkey: z.int() })),
    }),
    async (c) => {
      const { credential, name: called, ...parts } = c.req.valid('json')
      const person = callerId(c, 'person')
      const given = { parts, ...(called === undefined ? {} : { name: called }) }
      return c.json(await addPasskey(registry, person, await read(person, credential), given), 200)
    },
  )
}

function removeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const answer = async ({ frames, added }: Removed): Promise<z.infer<typeof removed>> => ({
    ...(await acknowledged(ctx, frames)),
    added: [...added],
  })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/passkeys/{passkey}/removal',
      summary: 'What another passkey of the caller signs to remove this one',
      middleware: operator,
      request: { params: passkeyParam, query: removalBody },
      responses: asked({
        act: z.literal('person.remove_passkey'),
        person: z.string(),
        passkey: z.int(),
        credential: z.string(),
        reason: z.string(),
        since: z.string().exactOptional(),
      }),
    }),
    async (c) => {
      const removal = { ...c.req.valid('param'), ...c.req.valid('query') }
      const person = callerId(c, 'person')
      const now = await registry.store.now()
      return c.json(
        await registry.store.query((db) => removalOf(registry, { db, now }, person, removal)),
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/passkeys/{passkey}/remove',
      summary:
        'Remove a passkey of your own with a gesture of another; as compromised, also one that has ended, what it sealed is revoked',
      middleware: operator,
      request: { params: passkeyParam, body: body(gestureParts.extend(removalBody.shape)) },
      responses: answers('Removed', removed),
    }),
    async (c) => {
      const { reason, since, ...parts } = c.req.valid('json')
      const named = since === undefined ? {} : { since }
      const removal = { ...c.req.valid('param'), reason, ...named }
      const done = await removeOwnPasskey(registry, callerId(c, 'person'), removal, parts)
      return c.json(await answer(done), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/people/{id}/passkeys/{passkey}/remove',
      summary:
        'Remove a passkey of somebody else; as compromised, also one that has ended, what it sealed is revoked',
      middleware: operator,
      request: { params: idParam.extend({ passkey: passkeyIndex }), body: body(removalBody) },
      responses: answers('Removed', removed),
    }),
    async (c) => {
      const { id, passkey } = c.req.valid('param')
      const removal = { passkey, ...c.req.valid('json') }
      return c.json(await answer(await removePasskeyOf(registry, callerId(c, 'person'), id, removal)), 200)
    },
  )
}
