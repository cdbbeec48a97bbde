/**
 * The kill switch from the command line: one function an act, at the control plane or without it. spec/kill.md.
 * Invariants: a gesture, and the break-glass key, sign what was asked for here; what is made offline needs nothing online.
 * @module
 */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { readKey } from '../../src/adapters/fs/key-file.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk, Signer } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { parseJson, type JsonObject } from '../../src/core/json.ts'
import { jwkSchema, publicJwk } from '../../src/core/jwk.ts'
import { STATEMENT_BYTES_MAX } from '../../src/enforce/kill-desk.ts'
import { KeyStoreError } from '../../src/ports/key-store.ts'
import { ackHolds, signFrameKey, signKill, signRoster } from '../../src/revoke/kill-rules.ts'
import {
  frameKeySchema,
  killSchema,
  rosterSchema,
  signedAckSchema,
  signedKillSchema,
  signedRosterSchema,
  statementSchema,
  type KillScope,
  type SignedAck,
  type SignedFrameKey,
  type SignedKill,
  type SignedRoster,
  type Statement,
} from '../../src/revoke/statement.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { assertAct } from './asked.ts'
import { CliError } from './output.ts'
import { unreadable, unwritable, type Profile } from './profile.ts'
import { askSecret, hasTerminal } from './prompt.ts'

/** How long an acknowledgement is waited for, in milliseconds: points look at their folder every 500. */
const ACK_MS = 3_000
const LOOK_MS = 50
const PUSH_MS = 10_000
/** How long the control plane has to say which keys its points have, in milliseconds: it may be away. */
const POINTS_MS = 2_000

const asked = z.object({ challenge: z.string(), act: z.record(z.string(), z.json()) })

/** Pulls with a gesture over the very kill that was asked for. */
export async function pullKill(
  profile: Profile,
  scope: KillScope,
  reason: string,
): Promise<{ kill: string; acknowledged_at: number; statement: SignedKill }> {
  const answer = await profile.client.post('/v1/kills', { ...(await pullGesture(profile, scope, reason)) })
  return z.object({ kill: z.string(), acknowledged_at: z.int(), statement: signedKillSchema }).parse(answer)
}

/** A kill of that scope, with a gesture over it. */
export async function pullGesture(profile: Profile, scope: KillScope, reason: string) {
  const { challenge, act } = asked.parse(await profile.client.post('/v1/kills/draft', { scope, reason }))
  assertAct({ act: 'kill.pull', person: profile.person }, act)
  assertAct({ scope, reason }, act.kill as JsonObject)
  const gesture = await profile.authenticator.assert(challenge, { tag: ACT_TAG, value: act })
  return { ...gesture, kill: killSchema.parse(act.kill) }
}

/** Begins a lift. @returns its identifier */
export async function beginLift(profile: Profile, kills: readonly string[], reason: string): Promise<string> {
  const answer = await profile.client.post('/v1/lifts', { kills: [...kills], reason })
  return z.object({ lift: z.string() }).parse(answer).lift
}

/**
 * Signs a lift that waits. @param kills those that it has to name, when they are known
 * @param show told what it lifts, before the gesture
 */
export async function signLift(
  profile: Profile,
  lift: string,
  kills: readonly string[] | null,
  show: (kills: readonly string[]) => void,
): Promise<{ missing: number; kills: readonly string[] }> {
  const path = `/v1/lifts/${lift}`
  const { challenge, act } = asked.parse(await profile.client.get(path))
  assertAct({ act: 'kill.lift', id: lift, ...(kills === null ? {} : { kills }) }, act)
  const named = z.array(z.string()).parse(act.kills)
  show(named)
  const gesture = await profile.authenticator.assert(challenge, { tag: ACT_TAG, value: act })
  const answer = await profile.client.post(`${path}/sign`, { ...gesture })
  return { ...z.object({ missing: z.int() }).parse(answer), kills: named }
}

const switchSchema = z.object({
  kills: z.array(signedKillSchema),
  lifts: z.array(
    z.object({ id: z.string(), kills: z.array(z.string()), made: z.array(z.string()), missing: z.int() }),
  ),
  roster: signedRosterSchema.nullable(),
})

export async function readSwitch(profile: Profile): Promise<z.infer<typeof switchSchema>> {
  return switchSchema.parse(await profile.client.get('/v1/kills'))
}

/** Who lifts, signed by the break-glass key. @param show told what is signed, before it is */
export async function setRoster(
  profile: Profile,
  breakGlass: Signer,
  { people, m }: { readonly people: readonly string[]; readonly m: number },
  show: (roster: SignedRoster['roster']) => void,
): Promise<SignedRoster> {
  const drafted = await profile.client.post('/v1/rosters/draft', { people: [...people], m })
  const roster = rosterSchema.parse(drafted)
  if (roster.m !== m || roster.people.length !== people.length)
    throw new CliError('GESTURE_MISMATCH', 'nothing was signed, the roster is another than was asked for')
  show(roster)
  const signed = signRoster(breakGlass, roster)
  await profile.client.post('/v1/statements', { ...signed })
  return signed
}

/**
 * A new frame key, put in force by the break-glass key (KIL-21). @param iss the control plane's name
 * @param show told what is signed, before it is
 */
export async function replaceFrameKey(
  profile: Profile,
  breakGlass: Signer,
  iss: string,
  show: (frameKey: SignedFrameKey['frame_key']) => void,
): Promise<SignedFrameKey> {
  const drafted = frameKeySchema.parse(await profile.client.post('/v1/keys/frame/draft', {}))
  if (drafted.iss !== iss)
    throw new CliError('GESTURE_MISMATCH', 'nothing was signed, the frame key is of another control plane')
  show(drafted)
  const signed = signFrameKey(breakGlass, drafted)
  await profile.client.post('/v1/statements', { ...signed })
  return signed
}

/** A kill made offline, by the break-glass key. @param iss the control plane's name, as enrolment files have it */
export function offlineKill(breakGlass: Signer, iss: string, scope: KillScope, reason: string): SignedKill {
  const t = Date.now()
  return signKill(breakGlass, 'break_glass', { v: 1, id: newId(nodeCrypto, 'kil', t), iss, scope, reason, t })
}

/** The private half, from its file. @throws {CliError} `FILE_UNREADABLE`; {KeyStoreError} */
export async function openBreakGlass(path: string, passphrase: string | null): Promise<Signer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    return nodeCrypto.signer((await readKey(nodeCrypto, bytes, basename(path), passphrase)).key)
  } catch (error) {
    const isLocked = error instanceof KeyStoreError && error.code === 'KEY_LOCKED'
    if (!isLocked || !hasTerminal()) throw error
    const given = await askSecret('passphrase of the break-glass key: ')
    return nodeCrypto.signer((await readKey(nodeCrypto, bytes, basename(path), given)).key)
  }
}

/** @throws {CliError} `FILE_UNREADABLE`, `ARGUMENT_INVALID` */
export async function readStatement(path: string): Promise<Statement> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    return statementSchema.parse(parseJson(bytes, { bytes_max: STATEMENT_BYTES_MAX, depth_max: 16 }))
  } catch (cause) {
    const next = 'give the file that "countersign kill sign … -o FILE" wrote'
    throw new CliError('ARGUMENT_INVALID', `${path} holds no statement: ${next}`, { cause })
  }
}

/** Keys of points, by their identifiers, as far as they are known here. */
export type PointKeys = ReadonlyMap<string, PublicJwk>

/** What became of a statement at one place. */
export interface Pushed {
  readonly to: string
  /** One of each point that answered; `verified` is false of a point whose key is not known here. */
  readonly acks: readonly (SignedAck['ack'] & { readonly verified: boolean })[]
  /** Of a relay: how many it passed it on to, whose acknowledgements the control plane gets. */
  readonly subscribers?: number
  /** Why there is none. */
  readonly fault: string | null
}

/** @returns as the control plane of the profile has them; none while it is away: a push waits for nobody */
export async function knownPoints(profile: Profile): Promise<PointKeys> {
  const away = pause(POINTS_MS, null, { ref: false })
  const answer = await Promise.race([profile.client.get('/v1/points').catch(() => null), away])
  const parsed = pointsSchema.safeParse(answer)
  return new Map(parsed.success ? parsed.data.points.map(({ id, jwk }) => [id, publicJwk(jwk)]) : [])
}

const pointsSchema = z.object({ points: z.array(z.object({ id: z.string(), jwk: jwkSchema })) })

/** @param fault when there is no answer */
function answered(to: string, signed: readonly SignedAck[], keys: PointKeys, fault: string | null): Pushed {
  const acks: Pushed['acks'][number][] = []
  for (const each of signed) {
    const key = keys.get(each.ack.point)
    if (key !== undefined && !ackHolds(nodeCrypto, key, each)) return { to, acks: [], fault: 'ACK_INVALID' }
    acks.push({ ...each.ack, verified: key !== undefined })
  }
  return { to, acks, fault }
}

/** @param keys not waited for before it is pushed */
export async function pushTo(url: string, statement: Statement, keys: Promise<PointKeys>): Promise<Pushed> {
  const at = url.endsWith('/statements') ? url : `${url.replace(/\/$/, '')}/statements`
  try {
    const response = await fetch(at, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(statement),
      signal: AbortSignal.timeout(PUSH_MS),
      redirect: 'error',
    })
    const answer: unknown = await response.json()
    const ack = signedAckSchema.safeParse(answer)
    if (response.ok && ack.success) return answered(at, [ack.data], await keys, null)
    const passed = passedSchema.safeParse(answer)
    if (response.ok && passed.success)
      return { to: at, acks: [], subscribers: passed.data.subscribers, fault: null }
    const error = z.object({ error: z.object({ code: z.string() }) }).safeParse(answer)
    return { to: at, acks: [], fault: error.success ? error.data.error.code : `status ${response.status}` }
  } catch {
    return { to: at, acks: [], fault: 'UNREACHABLE' }
  }
}

const passedSchema = z.object({ passed_on: z.boolean(), subscribers: z.int() })

/** Writes it where points look, and waits for what they answer. @throws {CliError} `FILE_UNWRITABLE` */
export async function pushToFolder(
  folder: string,
  statement: Statement,
  keys: Promise<PointKeys>,
): Promise<Pushed> {
  const name = `${kindOf(statement)}-${newId(nodeCrypto, 'act', Date.now())}`
  const path = join(folder, `${name}.json`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(`${path}.tmp`, `${JSON.stringify(statement)}\n`, { mode: 0o644, flag: 'wx' })
    await rename(`${path}.tmp`, path) // a point reads it whole
  } catch (cause) {
    throw unwritable(path, cause)
  }
  const end = performance.now() + ACK_MS
  let acks: SignedAck[] = []
  while (performance.now() < end && acks.length === 0) {
    await pause(LOOK_MS)
    const names = (await readdir(folder)).filter(
      (each) => each.startsWith(`${name}.`) && each.endsWith('.ack'),
    )
    const read = names.map(async (each) => JSON.parse(await readFile(join(folder, each), 'utf8')) as unknown)
    acks = (await Promise.all(read)).map((each) => signedAckSchema.parse(each))
  }
  return answered(path, acks, await keys, acks.length === 0 ? 'UNANSWERED' : null)
}

function kindOf(statement: Statement): string {
  return ['kill', 'lift', 'roster', 'frame_key', 'probe'].find((kind) => kind in statement) ?? 'statement'
}
