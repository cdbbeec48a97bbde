/**
 * Complete enforcement points in one process, each with an agent that calls under a session, and what came of it: when a
 * call was last handed to the tool, and when one was first denied. Use: forked; told what to do in messages.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { openPoint } from '../../apps/gateway/point.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { CALL_META, METHOD_CHALLENGE } from '../../src/enforce/adapters/mcp/messages.ts'
import type { EnforcementPoint } from '../../src/enforce/point.ts'
import type { Credential } from '../../src/enforce/types.ts'
import { systemClock as clock } from '../../src/ports/clock.ts'
import { now } from './clock.ts'
import { SERVER } from './names.ts'

/** How often it is asked whether the session still stands, so that the first denied call comes at once. */
const LOOK_EVERY_MS = 2
const ARGS = { text: 'x' }
const SETTLE_MS = 200

const toldSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('open'), files: z.array(z.string()) }),
  z.strictObject({
    do: z.literal('hold'),
    key: z.looseObject({}),
    /** By point. */
    chains: z.record(z.string(), z.string()),
    /** Between two calls of one agent, give or take half. */
    every_ms: z.number(),
    /** Of the tool, as it is registered; null: it is not. */
    definition_hash: z.string().nullable(),
  }),
  z.strictObject({ do: z.literal('stop') }),
])

class Agent {
  readonly #point: EnforcementPoint
  #session: { readonly client: CountersignMcpSession; readonly id: string } | null = null
  #isCalling = false
  #definition_hash: string | null = null
  #wake: (() => void) | null = null
  #ended: Promise<void> = Promise.resolve()
  last_allow = 0
  first_denial = 0
  reasons: readonly string[] = []

  constructor(point: EnforcementPoint) {
    this.#point = point
  }

  get id(): string {
    return this.#point.id
  }

  /** Opens a session and calls from then on. Resolves once a call was handed over. */
  async hold(
    chain: string,
    key: PrivateJwk,
    every_ms: number,
    definition_hash: string | null,
  ): Promise<void> {
    Object.assign(this, { last_allow: 0, first_denial: 0, reasons: [] })
    this.#definition_hash = definition_hash
    // A state that has only just been cut from its control plane is fresh again in a moment.
    while (this.last_allow === 0) {
      try {
        this.#session = await this.#open(chain, key)
        await this.#call()
      } catch {
        // refused: not fresh yet
      }
      if (this.last_allow === 0) await pause(SETTLE_MS)
    }
    this.first_denial = 0
    this.#isCalling = true
    this.#ended = this.#loop(every_ms)
  }

  /** Whether the next call would be denied: a lookup, as the point itself makes before it hands a call over. */
  look(): void {
    if (this.#session === null || this.first_denial > 0) return
    if (!this.#point.isVisible(this.#session.id, SERVER, SERVER)) this.#wake?.()
  }

  stop(): Promise<void> {
    this.#isCalling = false
    this.#wake?.()
    return this.#ended
  }

  async #loop(every_ms: number): Promise<void> {
    while (this.#isCalling) {
      await this.#pace(every_ms * (0.5 + Math.random()))
      if (this.#isCalling) await this.#call()
    }
  }

  #pace(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      const wake = (): void => done()
      this.#wake = wake
      function done(): void {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #call(): Promise<void> {
    if (this.#session === null) return
    const meta = this.#session.client.metaFor(SERVER, ARGS)[CALL_META] as object
    const credential = { kind: 'session', ...meta } as Credential
    const request = {
      server: SERVER,
      tool: SERVER,
      args: ARGS,
      credential,
      definition_hash: this.#definition_hash,
    }
    const outcome = await this.#point.call(request, () => {
      this.last_allow = now()
      return Promise.resolve({ result: null, failed: false })
    })
    if (outcome.decision === 'allow' || !this.#isCalling || this.first_denial > 0) return
    this.first_denial = now()
    this.reasons = outcome.reasons
    onDenial()
  }

  async #open(chain: string, key: PrivateJwk): Promise<{ client: CountersignMcpSession; id: string }> {
    let id = ''
    const client = await CountersignMcpSession.open({
      crypto,
      clock,
      chain,
      claims: [],
      holder: crypto.signer(key),
      request: async (method, params) => {
        if (method === METHOD_CHALLENGE) return { ...this.#point.challenge(), server: SERVER }
        const opened = await this.#point.open((params as { presentation: string }).presentation)
        if (!opened.ok) throw new Error(opened.reasons.join())
        id = opened.session
        return { session: opened.session, expires_at: opened.expires_at }
      },
    })
    return { client, id }
  }
}

const agents: Agent[] = []
setInterval(() => {
  for (const agent of agents) agent.look()
}, LOOK_EVERY_MS)

function onDenial(): void {
  if (agents.every(({ first_denial }) => first_denial > 0)) tell({ denied: results() })
}

function results(): object[] {
  return agents.map(({ id, last_allow, first_denial, reasons }) => ({
    id,
    last_allow,
    first_denial,
    reasons,
  }))
}

function tell(message: object): void {
  process.send?.(message)
}

async function obey(message: unknown): Promise<void> {
  const told = toldSchema.parse(message)
  switch (told.do) {
    case 'open':
      for (const file of told.files) {
        agents.push(new Agent((await openPoint(file, { onFault: () => undefined })).point))
      }
      return tell({ up: agents.length })
    case 'hold': {
      const key = told.key as unknown as PrivateJwk
      const { chains, every_ms, definition_hash } = told
      await Promise.all(
        agents.map((agent) => agent.hold(chains[agent.id] ?? '', key, every_ms, definition_hash)),
      )
      return tell({ held: agents.length })
    }
    case 'stop':
      await Promise.all(agents.map((agent) => agent.stop()))
      return tell({ stopped: results() })
  }
}

process.on('message', (message) => {
  obey(message).catch((cause: unknown) =>
    tell({ failed: cause instanceof Error ? cause.message : 'unknown' }),
  )
})
process.on('disconnect', () => process.exit(0))
