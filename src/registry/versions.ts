/**
 * Versions of agents: manifests that somebody proposed and somebody else approved. spec/inventory.md (VER-1 to VER-7).
 * Several may be approved at a time; a new root names the one that was approved last.
 *
 *   proposed --approve--> approved --withdraw--> withdrawn
 *
 * The first of an agent is proposed and approved with the agent itself. Invariant: an agent that was approved has at
 * least one approved version.
 * @module
 */
import type { Kysely } from 'kysely'
import { parseJson } from '../core/json.ts'
import type { Manifest } from '../core/manifest.ts'
import { seconds } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { STATEMENT_LIFE_MAX_S } from '../token/constants.ts'
import { signVersion } from '../token/version.ts'
import { assertStatus, findAgent } from './agents.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import {
  approvedOf,
  digestOf,
  insertVersion,
  markApproved,
  markWithdrawn,
  rowsOf,
  type VersionRow,
} from './version-rows.ts'

/** Versions that an agent may ever have had. */
export const VERSIONS_MAX = 256

export interface Version {
  readonly manifest: string
  readonly document: Manifest
  readonly status: VersionRow['status']
  readonly proposer: string
  readonly proposal: number
  /** Index of the entry that approved it, or null. */
  readonly approval: number | null
}

/** @throws {RegistryError} `UNKNOWN_AGENT`, `LIMIT_EXCEEDED`; `STATE_CONFLICT`: retired, or the version is there already */
export function proposeVersion(
  ctx: RegistryContext,
  actor: Actor,
  agent: string,
  document: Manifest,
): Promise<{ manifest: string; proposal: number }> {
  const manifest = digestOf(ctx, document)
  return ctx.store.write(async (tx) => {
    assertStatus(await findAgent(tx.db, agent), ['approved', 'active', 'suspended'])
    const known = await rowsOf(tx.db, agent)
    if (known.some((row) => row.manifest === manifest))
      throw new RegistryError(
        'STATE_CONFLICT',
        'the agent has this version already: see "agent version list"',
      )
    if (known.length >= VERSIONS_MAX)
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `an agent has at most ${VERSIONS_MAX} versions: propose another agent`,
      )
    const body = { manifest, document }
    const proposal = await tx.append({ type: 'version.proposed', actor, subject: agent, body })
    await insertVersion(tx.db, { agent, manifest, document, proposer: actor.id, proposal })
    return { manifest, proposal }
  })
}

export const versionApproval: ApprovalTerms<
  'version.approved',
  { readonly id: string; readonly manifest: string }
> = {
  type: 'version.approved',
  notOwn: 'who proposed a version or owns its agent does not approve it: ask another person',
  async find({ db }, { id: agent, manifest }, approver) {
    const { status, proposal, proposer } = await findVersion(db, agent, manifest)
    if (status !== 'proposed')
      throw new RegistryError('STATE_CONFLICT', `the version is ${status}: propose another one`)
    const { owner } = await findAgent(db, agent)
    return {
      act: { act: 'version.approve', agent, manifest, proposal, approver },
      askedBy: [proposer, owner],
    }
  },
  settle: (tx, { key: { id: agent, manifest }, approval }) =>
    markApproved(tx.db, { agent, manifest, approval }),
}

/**
 * No new root and no new statement names it. Roots that do hold until they end or are revoked (VER-7).
 * @throws {RegistryError} `UNKNOWN_AGENT`, `UNKNOWN_VERSION`; `STATE_CONFLICT`: withdrawn already, or the last approved one
 */
export function withdrawVersion(
  ctx: RegistryContext,
  actor: Actor,
  { agent, manifest }: { agent: string; manifest: string },
  reason: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const row = await findVersion(tx.db, agent, manifest)
    const others = approvedOf(await rowsOf(tx.db, agent)).filter((each) => each.manifest !== manifest)
    if (row.status === 'withdrawn')
      throw new RegistryError('STATE_CONFLICT', 'the version is withdrawn already')
    if (others.length === 0)
      throw new RegistryError(
        'STATE_CONFLICT',
        'it is the only approved version: approve another one first, or suspend or retire the agent',
      )
    await tx.append({ type: 'version.withdrawn', actor, subject: agent, body: { manifest, reason } })
    await markWithdrawn(tx.db, agent, manifest)
  })
}

/** VER-4. @throws {RegistryError} `UNKNOWN_AGENT`, `UNKNOWN_VERSION`; `STATE_CONFLICT`: not approved, or the agent is not active */
export function issueVersionStatement(
  ctx: RegistryContext,
  actor: Actor,
  { agent, manifest }: { agent: string; manifest: string },
): Promise<{ statement: string; exp: number }> {
  return ctx.store.write(async (tx) => {
    assertStatus(await findAgent(tx.db, agent), ['active'])
    const { status } = await findVersion(tx.db, agent, manifest)
    if (status !== 'approved')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the version is ${status}: only of an approved one there is a statement`,
      )
    const iat = seconds(tx.now)
    const exp = iat + STATEMENT_LIFE_MAX_S
    await tx.append({ type: 'version.statement_issued', actor, subject: agent, body: { manifest, exp } })
    const claims = { iss: ctx.iss, agent, manifest, iat, exp }
    return { statement: signVersion(ctx.crypto, await ctx.issuer.current(tx.db), claims), exp }
  })
}

/** In the order in which they were proposed. @throws {RegistryError} `UNKNOWN_AGENT` */
export async function listVersions(db: Kysely<Schema>, agent: string): Promise<Version[]> {
  await findAgent(db, agent)
  return (await rowsOf(db, agent)).map(
    ({ manifest, document_json, status, proposer, proposal, approval }) => {
      const document = parseJson(document_json) as Manifest
      return { manifest, document, status, proposer, proposal, approval }
    },
  )
}

async function findVersion(db: Kysely<Schema>, agent: string, manifest: string): Promise<VersionRow> {
  await findAgent(db, agent)
  const found = db
    .selectFrom('versions')
    .selectAll()
    .where('agent', '=', agent)
    .where('manifest', '=', manifest)
  const row = await found.executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_VERSION', 'the agent has no such version: propose it first')
  return row
}
