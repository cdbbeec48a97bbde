/** What an attestation takes from the root under which an output was made. spec/attestation.md (ATT-2, ATT-12). @module */
import type { Kysely } from 'kysely'
import { rfc3339 } from '../core/time.ts'
import { parseJws } from '../core/sign.ts'
import type { OutputKind } from '../core/output.ts'
import type { Schema } from '../ports/schema.ts'
import type { Instruction } from '../provenance/statement.ts'
import { claimOf, disclosureDigest, resolveDisclosures } from '../token/disclosure.ts'
import { isRootPayload } from '../token/payload.ts'
import { parsePresentation } from '../token/presentation.ts'
import { segmentsOf } from '../token/segment.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { disclosuresOf } from './personal.ts'

export interface RootFacts {
  readonly jti: string
  /** Identifier of its segment. */
  readonly root: string
  readonly agent: { readonly id: string; readonly manifest: string | null }
  /** The principal, by person and by handle. */
  readonly person: string
  readonly principal: string
  readonly instruction: Instruction
}

/** @throws {RegistryError} `UNKNOWN_DELEGATION` */
export async function rootFacts(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  db: Kysely<Schema>,
  jti: string,
  kind: Pick<OutputKind, 'kind' | 'tools'>,
): Promise<RootFacts> {
  const row = await db.selectFrom('delegations').selectAll().where('jti', '=', jti).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation')
  const root = parsePresentation(row.chain).segments[0]
  const payload = parseJws(root?.jwt ?? '').payload
  const principal = isRootPayload(payload)
    ? payload.gestures.find(({ role }) => role === 'principal')?.rev
    : undefined
  if (!isRootPayload(payload) || root === undefined || principal === undefined)
    throw new RegistryError('UNKNOWN_DELEGATION', 'the root of this delegation is not here')
  const claims = await disclosuresOf(ctx, db, jti)
  const digests = payload.authorization_details.map((one) => one['...'])
  const disclosed = resolveDisclosures(
    ctx.crypto,
    [...new Set([...root.disclosures, ...claims])],
    digests,
    payload._sd ?? [],
  )
  const signed_at = rfc3339(payload.iat * 1000)
  const grant = [...disclosed.grants].find(([, { server, actions }]) =>
    kind.tools.some((tool) => tool.server === server && actions.includes(tool.tool)),
  )?.[0]
  const text = disclosed.claims.instruction ?? ''
  const said = claims.find((one) => claimOf(one) === 'instruction')
  const commit = said === undefined ? null : disclosureDigest(ctx.crypto, said)
  return {
    jti,
    root: segmentsOf(ctx.crypto, row.chain)[0]?.id ?? '',
    agent: { id: row.agent, manifest: payload.agent.manifest ?? null },
    person: row.principal,
    principal,
    instruction:
      grant !== undefined
        ? { commit, signed_at, names: 'grant', grant }
        : { commit, signed_at, names: namesKind(text, kind.kind) ? 'text' : 'none' },
  }
}

/** As one word; an underscore may be a space. */
function namesKind(text: string, kind: string): boolean {
  const words = text.toLowerCase().replaceAll(/[\s_-]+/g, ' ')
  return new RegExp(`(?:^|[^a-z0-9])${kind.replaceAll('_', ' ')}(?:$|[^a-z0-9])`).test(words)
}
