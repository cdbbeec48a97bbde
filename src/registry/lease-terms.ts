/**
 * What a point may lease of a delegation that was issued here: what the root says, and nobody else's word. spec/limits.md
 * (LIM-15). Of hops, which are made offline, the control plane knows nothing.
 * @module
 */
import { fromBase64url } from '../core/encoding.ts'
import { isJsonObject, parseJson } from '../core/json.ts'
import type { LeaseNeed } from '../ports/control-plane.ts'
import type { Tx } from '../ports/store.ts'
import { disclosureDigest, readDisclosed } from '../token/disclosure.ts'
import { parsePresentation } from '../token/presentation.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** @throws {RegistryError} `BUDGET_MISMATCH`: the root is not for this point, or has no such limit */
export async function assertTerms(
  ctx: Pick<RegistryContext, 'crypto' | 'iss'>,
  tx: Tx,
  point: string,
  need: LeaseNeed,
): Promise<void> {
  if (need.iss !== ctx.iss) return
  const row = await tx.db
    .selectFrom('delegations')
    .select('chain')
    .where('jti', '=', need.jti)
    .executeTakeFirst()
  if (row === undefined) return // a hop, as far as anybody here can tell
  const [root] = parsePresentation(row.chain).segments
  if (root === undefined || !audienceOf(root.jwt).includes(point))
    throw new RegistryError('BUDGET_MISMATCH', 'that delegation is not for this point')
  const grants = root.disclosures
    .filter((disclosure) => disclosureDigest(ctx.crypto, disclosure) === need.grant)
    .map((disclosure) => readDisclosed(disclosure).grant)
  const isItsLimit = grants.some((grant) =>
    grant?.limits?.some(
      ({ measure, unit, per, max }) =>
        measure === need.measure && unit === need.unit && per === need.per && max === need.max,
    ),
  )
  if (!isItsLimit) throw new RegistryError('BUDGET_MISMATCH', 'that delegation has no such limit')
}

function audienceOf(jwt: string): readonly unknown[] {
  const payload = parseJson(fromBase64url(jwt.split('.')[1] ?? ''))
  return isJsonObject(payload) && Array.isArray(payload.aud) ? payload.aud : []
}
