/**
 * A company of ten thousand agents with millions of receipts in its log. It begins as a real one: a control plane of its own
 * process, people, an agent, an enforcement point and calls through it. Then the database copies the agent and the receipts
 * of an allowed call, each copy with an agent, an action and a time of its own, and the control plane starts again over all
 * of it. Chains of hashes from receipt to receipt are not made anew: no screen looks at them.
 * @module
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, protect, type Guard } from '../../apps/sdk/main.ts'
import pg from 'pg'
import { z } from 'zod'
import { addAgentKey, delegate, enrollPointAs, viewerLink } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { until } from '../../test/fixtures/processes.ts'
import { Stage } from '../../test/fixtures/stage.ts'

const SERVER = 'notes'
const TOOL = 'read_note'
/** Over which the receipts are spread, back from now. */
const DAYS = 30
/** Receipts that one statement makes: those of a call have one millisecond. */
const BLOCK = 10_000
const TIME_CHARS = 10
const UNAUTHORIZED = 401
/** The log is published before the control plane listens. */
const START_MS_MAX = 1_800_000

export interface Company {
  readonly stage: Stage
  readonly agents: number
  readonly receipts: number
  /** Of the session of a person. */
  readonly cookie: string
  readonly guard: Guard
  /** One call through an enforcement point in this process. */
  readonly call: () => Promise<{ decision: string }>
  /** How long the control plane took from its start until all was folded and published, in milliseconds. */
  readonly caught_up_ms: number
}

export async function plant(
  size: { readonly agents: number; readonly receipts: number },
  store?: string,
): Promise<Company> {
  const stage = await Stage.set(store)
  const chain = await withPoint(stage)
  const first = await open(stage, chain)
  for (let i = 0; i < 3; i++) await first.call()
  const template = await templateOf(stage)
  await first.guard.close()
  await stage.control.process.end('SIGTERM')
  if (store === undefined) multiplySqlite(join(stage.dataDir, 'countersign.db'), template, size)
  else await multiplyPostgres(store, template, size)
  const began = performance.now()
  await stage.restart({ started_ms: START_MS_MAX })
  await caughtUp(stage, await sizeOf(stage))
  const caught_up_ms = Math.round(performance.now() - began)
  if (store !== undefined) await settle(store)
  // As it is on the days after: what it folded for minutes is out of its memory.
  await stage.restart({ started_ms: START_MS_MAX })
  await caughtUp(stage, await sizeOf(stage))
  const cookie = await comeIn(stage)
  return { stage, ...size, cookie, ...(await open(stage, chain)), caught_up_ms }
}

async function withPoint(stage: Stage): Promise<string> {
  const point = await enrollPointAs('in_process', stage.manager, 'notes point', [SERVER])
  await writePrivate(join(stage.folder, 'notes.json'), point)
  const key = nodeCrypto.generateKey('Ed25519')
  await writePrivate(join(stage.folder, 'agent.json'), { ...key })
  const { publicJwk } = nodeCrypto.signer(key)
  const { id } = stage.agent
  await addAgentKey(stage.manager, id, publicJwk)
  const jkt = thumbprint(nodeCrypto, publicJwk)
  const grants = [{ type: 'tool' as const, server: SERVER, actions: [TOOL] }]
  const { chain } = await delegate(stage.manager, {
    agent: id,
    jkt,
    aud: [point.point],
    grants,
    ttl_s: 86_400,
    depth_max: 0,
  })
  return chain
}

async function open(stage: Stage, chain: string): Promise<Pick<Company, 'guard' | 'call'>> {
  const guard = await connect({
    point: join(stage.folder, 'notes.json'),
    key: join(stage.folder, 'agent.json'),
    chain,
  })
  const tools = await protect({ read_note: ({ path }: { path: string }) => `text of ${path}` }, guard)
  return { guard, call: async () => tools.read_note({ path: 'a.txt' }) }
}

interface Template {
  readonly decision: string
  readonly outcome: string
  readonly agent: string
  readonly action: string
  readonly time: string
}

/** The receipts of one call that was allowed and ended, as the log has them. */
async function templateOf(stage: Stage): Promise<Template> {
  return until('a call is in the log', async () => {
    const { entries } = page.parse(await stage.manager.client.get('/v1/entries?limit=500'))
    const receipts = entries.filter(({ entry }) => entry.type === 'receipt')
    const decision = receipts.find(({ entry: { body } }) => body.decision === 'allow')
    const outcome = receipts.find(
      ({ entry: { body } }) => body.kind === 'outcome' && body.action === decision?.entry.body.action,
    )
    if (decision === undefined || outcome === undefined) return null
    return {
      decision: JSON.stringify(decision.entry),
      outcome: JSON.stringify(outcome.entry),
      agent: stage.agent.id,
      action: String(decision.entry.body.action),
      time: decision.entry.time,
    }
  })
}

const page = z.object({
  size: z.int(),
  entries: z.array(
    z.object({
      entry: z.looseObject({ type: z.string(), time: z.string(), body: z.record(z.string(), z.unknown()) }),
    }),
  ),
})

/** Blocks of calls, the oldest first: where each begins and when it was. */
function* blocks(first: number, receipts: number): Generator<Block> {
  const count = Math.ceil(receipts / BLOCK)
  const from_ms = Date.now() - DAYS * 86_400_000
  for (let i = 0; i < count; i++) {
    const ms = from_ms + Math.floor((i * DAYS * 86_400_000) / count)
    const time = new Date(ms).toISOString()
    const prefix = newId(nodeCrypto, 'act', ms).slice(0, 'act_'.length + TIME_CHARS)
    yield { at: first + i * BLOCK, calls: Math.min(BLOCK, receipts - i * BLOCK) / 2, time, prefix }
  }
}

interface Block {
  readonly at: number
  readonly calls: number
  readonly time: string
  /** Of the identifiers of its actions. */
  readonly prefix: string
}

const FIRST = 'SELECT max(idx) + 1 AS first FROM entries'
/** Where the next entry goes. */
const COUNTED = `UPDATE meta SET value = (SELECT max(idx) + 1 FROM entries) WHERE name = 'entries.next'`

function agentAt(i: number): string {
  return `agt_${i}`
}

function multiplySqlite(
  path: string,
  template: Template,
  { agents, receipts }: { agents: number; receipts: number },
): void {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN')
  db.exec(copiesOfAgent(template, agents))
  const { first } = db.prepare(FIRST).get() as { first: number }
  const add = db.prepare("INSERT INTO entries (idx, type, bytes) VALUES (?, 'receipt', ?)")
  for (const { at, calls, time, prefix } of blocks(first, receipts))
    for (let i = 0; i < calls; i++) {
      const fill = (text: string): Buffer =>
        Buffer.from(
          text
            .replaceAll(template.action, prefix + String(i).padStart(16, '0'))
            .replaceAll(template.agent, agentAt(i % agents))
            .replaceAll(template.time, time),
        )
      add.run(at + 2 * i, fill(template.decision))
      add.run(at + 2 * i + 1, fill(template.outcome))
    }
  db.exec(COUNTED)
  db.exec('COMMIT')
  db.close()
}

async function multiplyPostgres(
  url: string,
  template: Template,
  { agents, receipts }: { agents: number; receipts: number },
): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query('SET synchronous_commit = off')
    await client.query(copiesOfAgent(template, agents))
    const first = Number((await client.query(FIRST)).rows[0].first)
    const filled = (text: string): string =>
      `convert_to(replace(replace(replace(${text}, $3, $4 || lpad(i::text, 16, '0')), $5, 'agt_' || (i % $6::int)), $7, $8), 'UTF8')`
    const statement = `INSERT INTO entries (idx, type, bytes)
      SELECT $9::bigint + 2 * i + k, 'receipt', CASE k WHEN 0 THEN ${filled('$1::text')} ELSE ${filled('$2::text')} END
      FROM generate_series(0, $10::int - 1) AS i, generate_series(0, 1) AS k`
    const { decision, outcome, action, agent, time } = template
    for (const block of blocks(first, receipts))
      await client.query(statement, [
        decision,
        outcome,
        action,
        block.prefix,
        agent,
        agents,
        time,
        block.time,
        block.at,
        block.calls,
      ])
    await client.query('UPDATE sequencer SET next = (SELECT max(idx) + 1 FROM entries)')
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
}

/** A month of receipts came within minutes: the database does now what it would have done in between. */
async function settle(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query('VACUUM (ANALYZE)')
    await client.query('CHECKPOINT')
  } finally {
    await client.end()
  }
}

/** Registered as the real one is, each under a name of its own. */
function copiesOfAgent({ agent }: Template, agents: number): string {
  return `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${agents - 1})
    INSERT INTO agents (id, name, owner, class, purpose, systems_json, manifest, proposal, proposer, status)
    SELECT 'agt_' || i, name || ' ' || i, owner, class, purpose, systems_json, manifest, proposal, proposer, status
    FROM agents, n WHERE id = '${agent}'`
}

export async function sizeOf(stage: Stage): Promise<number> {
  return page.parse(await stage.manager.client.get('/v1/entries?limit=1')).size
}

/** The log is published, and the observer has taken all of it. */
async function caughtUp(stage: Stage, entries: number): Promise<void> {
  let cookie = await comeIn(stage)
  const text = async (path: string): Promise<string> => {
    const answer = await fetch(stage.control.url + path, { headers: { cookie } })
    if (answer.status !== UNAUTHORIZED) return answer.text()
    cookie = await comeIn(stage) // nobody did anything for so long that the session ended
    return (await fetch(stage.control.url + path, { headers: { cookie } })).text()
  }
  for (;;) {
    const published = Number((await text('/log/checkpoint')).split('\n')[1])
    const behind = Number(/^countersign_observer_entries_behind (\d+)/m.exec(await text('/metrics'))?.[1])
    if (published >= entries && behind === 0) return
    await pause(1_000)
  }
}

async function comeIn(stage: Stage): Promise<string> {
  const ticket = (await viewerLink(stage.manager, 'console')).split('#ticket=')[1]
  const { origin } = new URL(stage.control.url)
  const answer = await fetch(`${origin}/v1/session/ticket`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ ticket }),
  })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0]
  if (cookie === undefined) throw new Error(`nobody came in: ${await answer.text()}`)
  return cookie
}
