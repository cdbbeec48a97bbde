/**
 * What we sign is what we asked for, and not what somebody drafted instead. That the challenge is a digest of it is
 * checked apart (ceremony.ts).
 * @module
 */
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { fromBase64url } from '../../src/core/encoding.ts'
import { canonicalize, parseJson, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { jwkSchema, publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { isGrantDisclosure } from '../../src/token/disclosure.ts'
import type { Grant } from '../../src/token/grant.ts'
import { CliError } from './output.ts'

/** What a person asks for when they authorize an agent. */
export interface DelegationInput {
  readonly agent: string
  readonly jkt: string
  readonly aud: readonly string[]
  readonly grants: readonly Grant[]
  readonly ttl_s: number
  readonly depth_max: number
  readonly instruction?: string
  /** Other people, of whom `m` stand behind it too. */
  readonly approvers?: { readonly m: number; readonly of: readonly string[] }
  /** `cns_…`: for its data subject alone. */
  readonly consent?: string
}

/** An act and its challenge, as every route has them. */
export const shownSchema = z.object({
  challenge: z.string(),
  act: z.record(z.string(), z.json()),
})

const rootSchema = z.looseObject({
  agent: z.looseObject({ id: z.string() }),
  cnf: z.looseObject({ jwk: jwkSchema }),
  aud: z.array(z.string()),
  nbf: z.int(),
  exp: z.int(),
  depth_max: z.int(),
  quorum: z.object({ m: z.int(), of: z.array(z.string()) }).exactOptional(),
  consent: z.string().exactOptional(),
})

/** Who it is for, where, how long, how far, which grants and how many people. @throws {CliError} `GESTURE_MISMATCH` */
export function assertDrafted(
  input: DelegationInput,
  payload: JsonObject,
  disclosures: readonly string[],
): void {
  const { agent, cnf, aud, nbf, exp, depth_max, quorum, consent } = rootSchema.parse(payload)
  const grants = disclosures.filter(isGrantDisclosure).map((each) => {
    const [, grant] = z.tuple([z.string(), z.json()]).parse(parseJson(fromBase64url(each)))
    return grant
  })
  const asked = [input.agent, input.jkt, input.aud, input.depth_max, input.grants] as unknown as JsonValue
  const drafted = [agent.id, thumbprint(nodeCrypto, publicJwk(cnf.jwk)), aud, depth_max, grants]
  // A root names people by handles that only the control plane can tell: what is checked is how many they are.
  const { approvers } = input
  const people =
    approvers === undefined || (quorum?.m === approvers.m && quorum.of.length === approvers.of.length)
  const isForOne = (input.consent === undefined) === (consent === undefined)
  if (canonicalize(asked) !== canonicalize(drafted) || exp - nbf > input.ttl_s || !people || !isForOne)
    throw new CliError(
      'GESTURE_MISMATCH',
      'nothing was signed, the control plane drafted something else than was asked for: ask who runs it',
    )
}

/** @throws {CliError} `GESTURE_MISMATCH`: the act does not say what was asked for */
export function assertAct(asked: JsonObject, act: JsonObject): void {
  const same = Object.entries(asked).every(
    ([name, value]) => Object.hasOwn(act, name) && canonicalize(act[name] ?? null) === canonicalize(value),
  )
  if (!same)
    throw new CliError(
      'GESTURE_MISMATCH',
      'nothing was signed, the control plane shows another act than was asked for: ask who runs it',
    )
}
