/**
 * A complete enforcement point as a process of its own, with an agent that calls without a pause and a tool that writes
 * down what it was handed and when. Use: `node point-process.ts ENROLMENT CHAINS ACTS`; `step N` on its input steps the
 * wall clock by N ms.
 * @module
 */
import { openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { openPoint } from '../../../apps/gateway/point.ts'
import { nodeCrypto as crypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../../src/core/crypto.ts'
import { CountersignMcpSession } from '../../../src/enforce/adapters/mcp/client.ts'
import { CALL_META, METHOD_CHALLENGE } from '../../../src/enforce/adapters/mcp/messages.ts'
import type { EnforcementPoint } from '../../../src/enforce/point.ts'
import type { Credential } from '../../../src/enforce/types.ts'
import { systemClock } from '../../../src/ports/clock.ts'

export interface Chains {
  readonly chains: readonly { readonly jti: string; readonly chain: string; readonly key: PrivateJwk }[]
}

const SERVER = 'echo'
const TOOL = 'echo'
/** Between calls. As long as twice what the last one took, so that a busy machine is not kept busy by agents alone. */
const PAUSE_MS_MIN = 25
const PAUSE_MS_MAX = 100
const ARGS = { text: 'x' }

const [, , enrolment = '', chainsFile = '', actsFile = ''] = process.argv
const acts = openSync(actsFile, 'a')
let step_ms = 0
const clock = { now: () => systemClock.now() + step_ms, monotonic: () => systemClock.monotonic() }
createInterface({ input: process.stdin })
  .on('line', (line) => (step_ms += Number(line.split(' ')[1])))
  .on('close', () => process.exit(0))

function note(line: object): void {
  writeSync(acts, `${JSON.stringify(line)}\n`)
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6

class Agent {
  readonly #point: EnforcementPoint
  readonly #id: string
  readonly #sessions = new Map<string, CountersignMcpSession>()
  readonly #said = new Map<string, string>()
  /** Chains of which a call has not come back yet. */
  readonly #busy = new Set<string>()
  #known = 0
  chains: Chains | null = null

  constructor(point: EnforcementPoint) {
    this.#point = point
    this.#id = point.id
  }

  look(): void {
    const { mtimeMs } = statSync(chainsFile)
    if (mtimeMs === this.#known) return
    this.#known = mtimeMs
    this.chains = JSON.parse(readFileSync(chainsFile, 'utf8')) as Chains
  }

  /**
   * Waits for the answer, but not for long: one that needs a lease waits for a node, and what other chains are let do is
   * nothing to it.
   */
  async call(next: Chains['chains'][number]): Promise<void> {
    if (this.#busy.has(next.jti)) return
    this.#busy.add(next.jti)
    await Promise.race([this.#call(next).finally(() => this.#busy.delete(next.jti)), pause(PAUSE_MS_MAX)])
  }

  async #call({ jti, chain, key }: Chains['chains'][number]): Promise<void> {
    try {
      const session = this.#sessions.get(jti) ?? (await this.#open(chain, key))
      this.#sessions.set(jti, session)
      const credential = {
        kind: 'session',
        ...(session.metaFor(TOOL, ARGS)[CALL_META] as object),
      } as Credential
      const request = { server: SERVER, tool: TOOL, args: ARGS, credential, definition_hash: null }
      const outcome = await this.#point.call(request, () => {
        note({ point: this.#id, jti, t: now() })
        return Promise.resolve({ result: null, failed: false })
      })
      if (outcome.decision === 'deny' && outcome.reasons.includes('SESSION_UNKNOWN'))
        this.#sessions.delete(jti)
      this.#say(jti, outcome.decision === 'deny' ? outcome.reasons.join() : '')
    } catch (cause) {
      this.#sessions.delete(jti) // no session to be had for now
      this.#say(jti, cause instanceof Error ? cause.message : 'fault')
    }
  }

  /** Why it is denied, when that changes: for whoever looks for the cause of a fault. */
  #say(jti: string, denied: string): void {
    if (this.#said.get(jti) === denied) return
    this.#said.set(jti, denied)
    note({ point: this.#id, about: jti, denied, t: now() })
  }

  #open(chain: string, key: PrivateJwk): Promise<CountersignMcpSession> {
    return CountersignMcpSession.open({
      crypto,
      clock,
      chain,
      claims: [],
      holder: crypto.signer(key),
      request: async (method, params) => {
        if (method === METHOD_CHALLENGE) return { ...this.#point.challenge(), server: SERVER }
        const opened = await this.#point.open((params as { presentation: string }).presentation)
        if (!opened.ok) throw new Error(opened.reasons.join())
        return { session: opened.session, expires_at: opened.expires_at }
      },
    })
  }
}

const { point } = await openPoint(enrolment, { onFault: () => undefined, clock })
const agent = new Agent(point)
note({ point: point.id, up: now() })
for (let i = 0; ; i++) {
  agent.look()
  const { chains = [] } = agent.chains ?? {}
  const next = chains[i % Math.max(1, chains.length)]
  const began = now()
  if (next !== undefined) await agent.call(next)
  await pause(Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, 2 * (now() - began))))
}
