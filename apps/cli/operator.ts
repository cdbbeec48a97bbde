/**
 * What a person does at the control plane, step by step: each function is one act, with its gesture where the act
 * needs one. The commands and the demo use the same ones.
 * @module
 */
import { z } from 'zod'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { jwkSchema, thumbprint } from '../../src/core/jwk.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { Grant } from '../../src/token/grant.ts'
import type { PointFile } from '../gateway/point.ts'
import type { Profile, ProfileFile } from './profile.ts'

const infoSchema = z.object({
  issuer: z.string(),
  issuer_keys: z.array(z.object({ kid: z.string(), jwk: jwkSchema })).min(1),
  frame_key: jwkSchema,
  log_vkey: z.string(),
  rp_id: z.string(),
  origins: z.array(z.string()).min(1),
  bound_ms: z.int(),
})
export type ControlPlaneInfo = z.infer<typeof infoSchema>

export async function readInfo(url: string): Promise<ControlPlaneInfo> {
  const client = new ApiClient({ url, crypto: nodeCrypto, clock: systemClock })
  return infoSchema.parse(await client.get('/v1/info'))
}

/** Makes an operator key and a software authenticator's key, and enrols both with the secret. */
export async function enroll(url: string, secret: string, name: string | undefined): Promise<ProfileFile> {
  const info = await readInfo(url)
  const operator = nodeCrypto.generateKey('Ed25519')
  const passkey = nodeCrypto.generateKey('ES256')
  const origin = info.origins[0] ?? ''
  const authenticator = softwareAuthenticator(nodeCrypto, passkey, { rp_id: info.rp_id, origin })
  const signer = nodeCrypto.signer(operator)
  const act = {
    act: 'person.enroll',
    operator: thumbprint(nodeCrypto, signer.publicJwk),
    credential: thumbprint(nodeCrypto, authenticator.jwk),
    secret_sha256: base64url(nodeCrypto.sha256(utf8(secret))),
  }
  const client = new ApiClient({ url, crypto: nodeCrypto, clock: systemClock, signer })
  const answer = await client.post('/v1/enroll', {
    secret,
    ...(name === undefined ? {} : { name }),
    credential: { jwk: { ...authenticator.jwk } },
    gesture: { ...authenticator.assert(challengeOf(nodeCrypto, ACT_TAG, act)) },
  })
  const { person } = z.object({ person: z.string() }).parse(answer)
  return { v: 1, url, person, rp_id: info.rp_id, origin, operator: { ...operator }, passkey: { ...passkey } }
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

export interface ToolInput {
  readonly system: string
  readonly server: string
  readonly tool: string
  readonly definition_hash: string
  readonly measures: JsonObject
  readonly resources?: readonly string[]
}

export async function registerTool(profile: Profile, tool: ToolInput): Promise<string> {
  return idOf(await profile.client.post('/v1/tools', { ...tool }))
}

export interface AgentInput {
  readonly name: string
  readonly class: string
  readonly purpose: string
  readonly systems: readonly string[]
  /** Model, prompt, tools: whatever makes this version of the agent what it is. */
  readonly manifest: JsonObject
}

export async function proposeAgent(profile: Profile, agent: AgentInput): Promise<string> {
  const answer = await profile.client.post('/v1/agents', { ...agent })
  return z.object({ agent: z.string() }).parse(answer).agent
}

/** Approves with a gesture over the act that the control plane shows. */
export async function approveAgent(profile: Profile, agent: string): Promise<void> {
  const shown = await profile.client.get(`/v1/agents/${agent}/approval`)
  const { challenge, act } = z.object({ challenge: z.string(), act: z.json() }).parse(shown)
  assertDigests(challenge, ACT_TAG, act)
  await profile.client.post(`/v1/agents/${agent}/approve`, { ...profile.authenticator.assert(challenge) })
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
export async function enrollPoint(profile: Profile, name: string, server: string): Promise<PointFile> {
  const info = await readInfo(profile.url)
  const key = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(key)
  const placement = 'gateway'
  const answer = await profile.client.post('/v1/points', { name, jwk: { ...publicJwk }, placement, server })
  return {
    v: 1,
    point: z.object({ point: z.string() }).parse(answer).point,
    server,
    placement,
    control_plane: profile.url,
    key: { ...key },
    trust: {
      iss: info.issuer,
      issuer_keys: info.issuer_keys.map(({ jwk }) => jwk),
      frame_key: info.frame_key,
      rp_id: info.rp_id,
      origins: info.origins,
    },
    bound_ms: info.bound_ms,
  }
}

export interface DelegationInput {
  readonly agent: string
  readonly jkt: string
  readonly aud: readonly string[]
  readonly grants: readonly Grant[]
  readonly ttl_s: number
  readonly depth_max: number
  readonly instruction?: string
}

/** Drafts, makes the gesture over exactly what was drafted, seals. @returns the chain */
export async function delegate(
  profile: Profile,
  input: DelegationInput,
): Promise<{ jti: string; chain: string }> {
  const body = { ...input, grants: input.grants.map((grant) => grant as unknown as JsonValue) }
  const draft = z
    .object({ jti: z.string(), challenge: z.string() })
    .parse(await profile.client.post('/v1/delegations/drafts', body))
  const gesture = profile.authenticator.assert(draft.challenge)
  const sealed = await profile.client.post(`/v1/delegations/drafts/${draft.jti}/seal`, { ...gesture })
  return z.object({ jti: z.string(), chain: z.string() }).parse(sealed)
}

export interface Revocation {
  readonly frames: readonly number[]
  readonly acknowledged_at: number
}

export async function revoke(
  profile: Profile,
  kind: 'delegation' | 'agent' | 'key' | 'person' | 'point',
  target: string,
  reason: string,
): Promise<Revocation> {
  const answer = await profile.client.post('/v1/revocations', { kind, target, reason })
  return z.object({ frames: z.array(z.int()), acknowledged_at: z.int() }).parse(answer)
}

/** A one-time link to the live page. */
export async function viewerLink(profile: Profile): Promise<string> {
  return z.object({ url: z.string() }).parse(await profile.client.post('/v1/viewer-links', {})).url
}

function idOf(answer: JsonValue): string {
  return z.object({ id: z.string() }).parse(answer).id
}

/** What we sign is what we were shown, not what somebody says we were. */
export function assertDigests(challenge: string, tag: string, value: JsonValue): void {
  if (challengeOf(nodeCrypto, tag, value) !== challenge) {
    throw new Error('the control plane asks for a gesture over something else than it shows')
  }
}
