/**
 * What a person does at the control plane, step by step: each function is one act, with its gesture where the act
 * needs one. The commands and the demo use the same ones.
 * @module
 */
import { z } from 'zod'
import { ApiClient, ApiError } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { jwkSchema, thumbprint } from '../../src/core/jwk.ts'
import type { Manifest } from '../../src/core/manifest.ts'
import { counted } from '../../src/core/words.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { ACT_TAG, ROOT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { PointFile } from '../gateway/point-file.ts'
import { assertAct, assertDrafted, shownSchema, type DelegationInput } from './asked.ts'
import { enrolmentOf, startCeremony } from './ceremony.ts'
import { CliError } from './output.ts'
import { openProfile, type Profile, type ProfileFile } from './profile.ts'
import { endorseOwnRecovery, enrolledSchema, standBehindOwn } from './recovered.ts'

const record = z.record(z.string(), z.json())
const infoSchema = z.object({
  issuer: z.string(),
  issuer_keys: z.array(z.object({ kid: z.string(), jwk: jwkSchema })).min(1),
  issues: z.boolean(),
  frame_key: jwkSchema,
  frame_key_seq: z.int(),
  frame_epoch: z.int(),
  revokes: z.boolean(),
  log_vkey: z.string(),
  rp_id: z.string(),
  origins: z.array(z.string()).min(1),
  bound_ms: z.int(),
  break_glass: jwkSchema,
  separation: z.enum(['independent', 'after']),
})
export type ControlPlaneInfo = z.infer<typeof infoSchema>

export async function readInfo(url: string, asked?: ApiClient): Promise<ControlPlaneInfo> {
  const client = asked ?? new ApiClient({ url, crypto: nodeCrypto, clock: systemClock })
  const info = infoSchema.safeParse(await client.get('/v1/info'))
  if (!info.success) throw new ApiError('API_ANSWER_INVALID', `what answers at ${url} is not a control plane`)
  return info.data
}

/** Given the profile as soon as the person exists: what follows may fail, and the keys are nowhere else. */
type Keep = (file: ProfileFile) => Promise<void>

/** Makes an operator key and a software authenticator's key, and enrols both with the secret. The first endorses itself. */
export async function enroll(
  url: string,
  secret: string,
  name: string | undefined,
  keep?: Keep,
): Promise<ProfileFile> {
  const info = await readInfo(url)
  const operator = nodeCrypto.generateKey('Ed25519')
  const passkey = nodeCrypto.generateKey('ES256')
  const place = { rp_id: info.rp_id, origin: info.origins[0] ?? '' }
  const signer = nodeCrypto.signer(operator)
  const act = {
    act: 'person.enroll',
    operator: thumbprint(nodeCrypto, signer.publicJwk),
    secret_sha256: base64url(nodeCrypto.sha256(utf8(secret))),
  }
  const credential = softwareAuthenticator(nodeCrypto, passkey, place).register(
    challengeOf(nodeCrypto, ACT_TAG, act),
  )
  const client = new ApiClient({ url, crypto: nodeCrypto, clock: systemClock, signer })
  const named = name === undefined ? {} : { name }
  const answer = await client.post('/v1/enroll', { secret, ...named, credential: { ...credential } })
  const { person, first, recovers } = enrolledSchema.parse(answer)
  const file = { v: 1 as const, url, person, ...place, operator: { ...operator }, passkey: { ...passkey } }
  await keep?.(file)
  if (first) await endorse(openProfile(file), person)
  if (recovers === 'alone') await endorseOwnRecovery(openProfile(file), secret)
  return file
}

/** As {@link enroll}, with a passkey in a browser. @param show told the link, and the thumbprint that its page shows */
export async function enrollWithPasskey(
  url: string,
  secret: string,
  name: string | undefined,
  show: (url: string, jkt: string) => void,
  keep?: Keep,
): Promise<ProfileFile> {
  const info = await readInfo(url)
  const operator = nodeCrypto.generateKey('Ed25519')
  const signer = nodeCrypto.signer(operator)
  const client = new ApiClient({ url, crypto: nodeCrypto, clock: systemClock, signer })
  const asked = { secret, ...(name === undefined ? {} : { name }) }
  const jkt = thumbprint(nodeCrypto, signer.publicJwk)
  const id = await startCeremony(client, '/v1/ceremonies/enrol', asked, (link) => show(link, jkt))
  const { person, first, next } = await enrolmentOf(client, id)
  const origin = info.origins[0] ?? ''
  const file = { v: 1 as const, url, person, rp_id: info.rp_id, origin, operator: { ...operator } }
  await keep?.(file)
  if (next !== undefined) await standBehindOwn(client, { person, first, secret, next })
  return file
}

/** Endorses a person's registration with a gesture: from then on their gestures count. */
export async function endorse(profile: Profile, person: string): Promise<{ acted_alone: boolean }> {
  const asked = { act: 'person.endorse', person, endorser: profile.person }
  const path = `/v1/people/${person}`
  const answer = await gestureOver(profile, asked, `${path}/endorsement`, `${path}/endorse`)
  return z.object({ acted_alone: z.boolean() }).parse(answer)
}

/**
 * Reads an act, makes the gesture over it and hands it in.
 * @param asked what the act has to say at least
 * @param also what goes with the gesture
 */
export async function gestureOver(
  profile: Profile,
  asked: JsonObject,
  act: string,
  handIn: string,
  also: JsonObject = {},
): Promise<JsonValue> {
  const shown = shownSchema.parse(await profile.client.get(act))
  assertAct(asked, shown.act)
  const gesture = await profile.authenticator.assert(shown.challenge, { tag: ACT_TAG, value: shown.act })
  return profile.client.post(handIn, { ...gesture, ...also })
}

/**
 * Approves what another person proposed, with a gesture over the act that the control plane shows.
 * @param path of what is proposed
 * @param what the act has to say at least, besides by whom it is
 * @param ends of the routes that show the act and take the gesture
 */
export function approveAt(
  profile: Profile,
  path: string,
  what: JsonObject,
  { show, take } = { show: 'approval', take: 'approve' },
): Promise<JsonValue> {
  return gestureOver(profile, { ...what, approver: profile.person }, `${path}/${show}`, `${path}/${take}`)
}

export async function invite(
  profile: Profile,
  name: string,
): Promise<{ person: string; invitation: string }> {
  const answer = await profile.client.post('/v1/people', { name })
  return z.object({ person: z.string(), invitation: z.string() }).parse(answer)
}

export async function addSystem(profile: Profile, name: string): Promise<string> {
  return idOf(await profile.client.post('/v1/systems', { name }))
}

export interface AgentInput {
  readonly name: string
  readonly class: string
  readonly purpose: string
  readonly systems: readonly string[]
  /** Model, prompt, tools: whatever makes this version of the agent what it is. */
  readonly manifest: Manifest
}

export async function proposeAgent(profile: Profile, agent: AgentInput): Promise<string> {
  const answer = await profile.client.post('/v1/agents', { ...agent })
  return z.object({ agent: z.string() }).parse(answer).agent
}

export async function approveAgent(profile: Profile, agent: string): Promise<void> {
  await approveAt(profile, `/v1/agents/${agent}`, { act: 'agent.approve', agent })
}

export async function changeAgent(
  profile: Profile,
  agent: string,
  to: 'activate' | 'suspend' | 'retire',
  reason: string,
): Promise<void> {
  await profile.client.post(`/v1/agents/${agent}/${to}`, { reason })
}

export async function addAgentKey(profile: Profile, agent: string, jwk: PublicJwk): Promise<void> {
  await profile.client.post(`/v1/agents/${agent}/keys`, { jwk: { ...jwk } })
}

/** The issuer's word that the key is the agent's, for a hop (DLG-7). */
export async function agentStatement(profile: Profile, agent: string, jkt: string): Promise<string> {
  const answer = await profile.client.post(`/v1/agents/${agent}/statements`, { jkt })
  return z.object({ statement: z.string() }).parse(answer).statement
}

/** Registers an enforcement point and returns its enrolment file: the only copy of its key. */
export function enrollPoint(profile: Profile, name: string, ...servers: string[]): Promise<PointFile> {
  return enrollPointAs('gateway', profile, name, servers)
}

/** @param placement where it will stand: receipts say so */
export async function enrollPointAs(
  placement: PointFile['placement'],
  profile: Profile,
  name: string,
  servers: readonly string[],
): Promise<PointFile> {
  const info = await readInfo(profile.url)
  const key = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(key)
  const answer = await profile.client.post('/v1/points', { name, jwk: { ...publicJwk }, placement, servers })
  return {
    v: 1,
    point: z.object({ point: z.string() }).parse(answer).point,
    servers: [...servers],
    placement,
    control_plane: profile.url,
    key: { ...key },
    trust: {
      iss: info.issuer,
      issuer_keys: info.issuer_keys.map(({ jwk }) => jwk),
      frame_key: info.frame_key,
      frame_key_seq: info.frame_key_seq,
      frame_epoch: info.frame_epoch,
      rp_id: info.rp_id,
      origins: info.origins,
      break_glass: info.break_glass,
      separation: info.separation,
    },
    bound_ms: info.bound_ms,
  }
}

/** Drafts, makes the gesture over exactly what was drafted, seals. @throws {CliError} `APPROVALS_MISSING` */
export async function delegate(
  profile: Profile,
  input: DelegationInput,
): Promise<{ jti: string; chain: string }> {
  const { jti, chain, missing } = await beginDelegation(profile, input)
  if (chain !== undefined) return { jti, chain }
  throw new CliError(
    'APPROVALS_MISSING',
    `${jti} waits for ${counted(missing, 'approval')}: its chain comes with the last`,
  )
}

export interface Begun {
  readonly jti: string
  /** Absent while approvals are missing. */
  readonly chain?: string
  readonly missing: number
}

/** As {@link delegate}, for a delegation that may wait for other people, whom the template names or the input. */
export async function beginDelegation(profile: Profile, input: DelegationInput): Promise<Begun> {
  const body = { ...input, grants: input.grants.map((grant) => grant as unknown as JsonValue) }
  const draft = draftSchema.parse(await profile.client.post('/v1/delegations/drafts', body))
  const { header, payload, disclosures } = draft.shown
  assertDrafted(input, payload, disclosures)
  const shown = { tag: ROOT_TAG, value: { header, payload }, disclosures }
  const gesture = await profile.authenticator.assert(draft.challenge, shown)
  const sealed = await profile.client.post(`/v1/delegations/drafts/${draft.jti}/seal`, { ...gesture })
  return z.object({ jti: z.string(), chain: z.string().exactOptional(), missing: z.int() }).parse(sealed)
}

const draftSchema = z.object({
  jti: z.string(),
  challenge: z.string(),
  shown: z.object({ header: record, payload: record, disclosures: z.array(z.string()) }),
})

export interface Revocation {
  readonly frames: readonly number[]
  readonly acknowledged_at: number
  /** Milliseconds: it was revoked already, then. */
  readonly revoked_before: number | null
}

export async function revoke(
  profile: Profile,
  kind: 'delegation' | 'agent' | 'key' | 'person' | 'point',
  target: string,
  reason: string,
): Promise<Revocation> {
  const answer = await profile.client.post('/v1/revocations', { kind, target, reason })
  return z
    .object({ frames: z.array(z.int()), acknowledged_at: z.int(), revoked_before: z.int().nullable() })
    .parse(answer)
}

/** A one-time link to the live page. */
export async function viewerLink(profile: Profile, to: 'live' | 'console' = 'live'): Promise<string> {
  return z.object({ url: z.string() }).parse(await profile.client.post('/v1/viewer-links', { to })).url
}

function idOf(answer: JsonValue): string {
  return z.object({ id: z.string() }).parse(answer).id
}
