/**
 * What a person does about issuers: reading another control plane's record, proposing it, approving it with a
 * gesture.
 * spec/keys.md (KEY-5, KEY-9).
 * @module
 */
import { z } from 'zod'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { foreignIssuerSchema, type ForeignIssuer } from '../../src/core/issuer.ts'
import { canonicalize, type JsonObject } from '../../src/core/json.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import type { Profile } from './profile.ts'

const metadataSchema = z.object({ issuer: z.string(), protocol: z.literal(1), rp_id: z.string() })
const infoSchema = z.object({ issuer: z.string(), record: foreignIssuerSchema })
const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) })

/**
 * The record that a control plane gives of itself, which its three public pages agree on.
 * @throws {CliError} `ISSUER_UNCLEAR`; {ApiError}
 */
export async function readIssuer(url: string): Promise<ForeignIssuer> {
  const client = new ApiClient({ url: url.replace(/\/$/, ''), crypto: nodeCrypto, clock: systemClock })
  const metadata = metadataSchema.parse(await client.get('/.well-known/countersign'))
  const { issuer, record } = infoSchema.parse(await client.get('/v1/info'))
  const jwks = jwksSchema.parse(await client.get('/.well-known/jwks.json'))
  const published = jwks.keys.map((key) => [key.kid, thumbprint(nodeCrypto, publicJwk(key))])
  const kids = record.keys.map(({ jwk }) => thumbprint(nodeCrypto, jwk))
  const same =
    new Set([metadata.issuer, issuer, record.iss]).size === 1 &&
    metadata.rp_id === record.rp_id &&
    published.every(([kid, actual]) => kid === actual) &&
    canonicalize(published.map(([kid = '']) => kid).sort(byText)) === canonicalize(kids.sort(byText))
  if (!same)
    throw new CliError(
      'ISSUER_UNCLEAR',
      `the pages of ${url} do not agree about its name and keys: ask who runs it`,
    )
  return record
}

/** What a person compares with what they heard from the other side, line by line. */
export function describeIssuer(issuer: ForeignIssuer): [string, string][] {
  return [
    ['issuer', issuer.iss],
    ['control plane', issuer.control_plane],
    ['people sign at', `${issuer.rp_id} (${issuer.origins.join(', ')})`],
    ...issuer.keys.map(({ jwk, retired_at }): [string, string] => [
      retired_at === undefined ? 'issuer key' : 'retired key',
      thumbprint(nodeCrypto, jwk),
    ]),
    ['frame key', thumbprint(nodeCrypto, issuer.frame_key)],
  ]
}

const viewSchema = z.object({
  id: z.string(),
  status: z.enum(['proposed', 'trusted', 'replaced', 'dropped']),
  proposer: z.string(),
  issuer: foreignIssuerSchema,
})
export type Issuer = z.infer<typeof viewSchema>

/** @returns the identifier of the proposal */
export async function proposeIssuer(profile: Profile, issuer: ForeignIssuer): Promise<string> {
  const answer = await profile.client.post('/v1/issuers', { issuer: asJson(issuer) })
  return z.object({ id: z.string() }).parse(answer).id
}

export async function showIssuer(profile: Profile, id: string): Promise<Issuer> {
  return viewSchema.parse(await profile.client.get(`/v1/issuers/${id}`))
}

/** What is trusted and what is proposed. */
export async function listIssuers(profile: Profile): Promise<Issuer[]> {
  const answer = await profile.client.get('/v1/issuers')
  return z.object({ issuers: z.array(viewSchema) }).parse(answer).issuers
}

/** The act names exactly this record. */
export async function approveIssuer(
  profile: Profile,
  { id, issuer }: Pick<Issuer, 'id' | 'issuer'>,
): Promise<{ seq: number }> {
  const answer = await approveAt(profile, `/v1/issuers/${id}`, {
    act: 'issuer.trust',
    issuer: asJson(issuer),
  })
  return z.object({ seq: z.int() }).parse(answer)
}

export interface Guest {
  readonly id: string
  readonly name: string
  readonly jwk: PublicJwk
  readonly placement: 'in_process' | 'gateway' | 'tool_side'
  readonly servers: readonly string[]
}

/** Lets an enforcement point of another control plane follow the revocations here, and be named in delegations. */
export async function admitPoint(profile: Profile, { jwk, ...guest }: Guest): Promise<string> {
  const answer = await profile.client.post('/v1/points', { ...guest, jwk: { ...jwk } })
  return z.object({ point: z.string() }).parse(answer).point
}

function asJson(value: object): JsonObject {
  return value as JsonObject
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
