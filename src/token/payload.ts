/** The claims of roots, hops, statements and proofs, as strict schemas: an unknown member is refused (C-8). @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { guardOf } from '../core/guard.ts'
import { jwkSchema } from '../core/jwk.ts'
import { GRANTS_MAX, HOPS_MAX, SD_ALG } from './constants.ts'

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const id = z.string().min(1).max(64)
const numericDate = z.int().nonnegative()
const audience = z.array(z.string().min(1).max(256)).min(1).max(16)
const grants = z.array(z.strictObject({ '...': digest })).max(GRANTS_MAX)
const depth = z.int().min(0).max(HOPS_MAX)

const common = {
  jti: id,
  nbf: numericDate,
  exp: numericDate,
  aud: audience,
  cnf: z.strictObject({ jwk: jwkSchema }),
  authorization_details: grants,
  grants_n: z.int().min(0).max(GRANTS_MAX),
  depth,
  depth_max: depth,
}

export const rootPayloadSchema = z.strictObject({
  ...common,
  iss: z.string().min(1).max(256),
  iat: numericDate,
  rev: z.array(id).min(1).max(16),
  quorum: z.strictObject({ m: z.int().min(1).max(15), of: z.array(id).min(1).max(15) }).exactOptional(),
  consent: id.exactOptional(),
  agent: z.strictObject({ id, class: z.string().max(64), manifest: digest }),
  amr: z.array(z.string().max(16)).min(1).max(8),
  acr: z.string().min(1).max(64).exactOptional(),
  auth_time: numericDate,
  status: z
    .strictObject({
      status_list: z.strictObject({ idx: z.int().nonnegative(), uri: z.string().min(1).max(512) }),
    })
    .exactOptional(),
  _sd_alg: z.literal(SD_ALG),
  _sd: z.array(digest).min(1).max(2).exactOptional(),
  gestures: z.array(gestureSchema).min(1).max(16),
})

export const delegatePayloadSchema = z.strictObject({ ...common, statement: z.string().max(4096) })

export const hopPayloadSchema = z.strictObject({
  iat: numericDate,
  aud: digest,
  nonce: z.string().min(22).max(128),
  issuer_jwt_hash: digest,
  _sd_alg: z.literal(SD_ALG),
  delegate_payload: z.tuple([delegatePayloadSchema]),
})

export const statementSchema = z.strictObject({
  iss: z.string().min(1).max(256),
  agent: id,
  class: z.string().max(64),
  jkt: digest,
  iat: numericDate,
  exp: numericDate,
})

/** VER-4. */
export const versionSchema = z.strictObject({
  iss: z.string().min(1).max(256),
  agent: id,
  manifest: digest,
  iat: numericDate,
  exp: numericDate,
})

/** VER-3: what the holder says it runs, in any proof. */
const reported = {
  manifest: digest.exactOptional(),
  version: z.string().max(4096).exactOptional(),
}

const target = {
  aud: z.string().min(1).max(256),
  nonce: z.string().min(1).max(128),
  iat: numericDate,
  sd_hash: digest,
}
export const callProofSchema = z.strictObject({
  ...target,
  server: z.string().max(256),
  tool: z.string().max(256),
  args_commit: digest,
  ...reported,
})
/** PRF-5. */
export const dpopProofSchema = z.strictObject({
  jti: z.string().min(22).max(128),
  htm: z.string().min(1).max(32),
  htu: z.string().min(1).max(2048),
  iat: numericDate,
  ath: digest,
  nonce: z.string().min(1).max(128),
  args_commit: digest,
  ...reported,
})
export const sessionProofSchema = z.strictObject({ ...target, x25519: digest, peer: digest, ...reported })

/** What every verification asks. */
export const isRootPayload = guardOf(rootPayloadSchema)
export const isHopPayload = guardOf(hopPayloadSchema)
export const isStatement = guardOf(statementSchema)
export const isVersion = guardOf(versionSchema)
export const isCallProof = guardOf(callProofSchema)
export const isSessionProof = guardOf(sessionProofSchema)
export const isDpopProof = guardOf(dpopProofSchema)

export type RootPayload = z.infer<typeof rootPayloadSchema>
export type DelegatePayload = z.infer<typeof delegatePayloadSchema>
export type Statement = z.infer<typeof statementSchema>
export type VersionStatement = z.infer<typeof versionSchema>
export type CallProof = z.infer<typeof callProofSchema>
export type DpopProof = z.infer<typeof dpopProofSchema>
export type SessionProof = z.infer<typeof sessionProofSchema>
