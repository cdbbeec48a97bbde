/**
 * Delegations as they stand in the log: what a root and each hop below it allow, and who signed. spec/delegation.md.
 * From segments alone, which disclose grants and nothing of people (SEG-1).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'
import type { Gesture } from '../core/gesture.ts'
import { parseJws } from '../core/sign.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import type { Schema } from '../ports/schema.ts'
import { disclosureDigest, readDisclosed } from '../token/disclosure.ts'
import type { Grant } from '../token/grant.ts'
import { isHopPayload, isRootPayload, type RootPayload } from '../token/payload.ts'
import { parsePresentation } from '../token/presentation.ts'
import { RegistryError } from './errors.ts'
import { entriesOf } from './look-back.ts'

/** Segments of one delegation that are shown, the oldest first. */
export const SEGMENTS_MAX = 200
/** A root and its hops. */
const CHAIN_MAX = 16

export interface SegmentView {
  readonly id: string
  readonly parent: string | null
  /** Who acts under it. */
  readonly agent: string | null
  /** Of the `chain.segment` entry. */
  readonly entry: number
  readonly grants: readonly { readonly digest: string; readonly grant: Grant }[]
  /** What the token says besides, for a root; null: its text was pruned, or it is of a hop. */
  readonly payload: RootPayload | null
}

export interface DelegationTerms {
  /** The root first. */
  readonly segments: readonly SegmentView[]
  readonly signers: readonly { readonly person: string; readonly role: string }[]
  /** Beyond {@link SEGMENTS_MAX}. */
  readonly is_cut: boolean
}

type Reading = { readonly crypto: Crypto; readonly db: Kysely<Schema>; readonly entries: EntrySource }

/** @throws {RegistryError} `UNKNOWN_DELEGATION` */
export async function delegationTerms(from: Reading, jti: string): Promise<DelegationTerms> {
  const rows = await from.db
    .selectFrom('segments')
    .selectAll()
    .where('subject', '=', jti)
    .orderBy('entry')
    .limit(SEGMENTS_MAX + 1)
    .execute()
  if (rows.length === 0) throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation')
  const segments = await viewsOf(from, rows.slice(0, SEGMENTS_MAX))
  const made = segments[0]?.payload?.gestures ?? []
  return { segments, signers: await signersOf(from.db, made), is_cut: rows.length > SEGMENTS_MAX }
}

/** From the root to a segment that a receipt names. Empty: it is not known. */
export async function chainOf(from: Reading, segment: string): Promise<SegmentView[]> {
  const rows: Schema['segments'][] = []
  for (
    let id: string | null = segment;
    id !== null && rows.length < CHAIN_MAX;
    id = rows[0]?.parent ?? null
  ) {
    const row: Schema['segments'] | undefined = await from.db
      .selectFrom('segments')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) break
    rows.unshift(row)
  }
  return viewsOf(from, rows)
}

function viewsOf(from: Reading, rows: readonly Schema['segments'][]): Promise<SegmentView[]> {
  return Promise.all(
    rows.map(async ({ id, parent, agent, entry }) => {
      const [logged] = await entriesOf(from.entries, entry, entry + 1)
      const text = logged?.entry.type === 'chain.segment' ? logged.entry.body.segment : null
      return { id, parent, agent, entry, ...(text === null ? UNREAD : said(from.crypto, text)) }
    }),
  )
}

const UNREAD = { grants: [], payload: null } as const

/** A point may have sent anything: what does not parse says nothing. */
function said(crypto: Crypto, text: string): Pick<SegmentView, 'grants' | 'payload'> {
  try {
    const [segment] = parsePresentation(text).segments
    if (segment === undefined) return UNREAD
    const { payload } = parseJws(segment.jwt)
    const grants = segment.disclosures.flatMap((disclosure) => {
      const { grant } = readDisclosed(disclosure)
      return grant === null ? [] : [{ digest: disclosureDigest(crypto, disclosure), grant }]
    })
    if (isRootPayload(payload)) return { grants, payload }
    return { grants: isHopPayload(payload) ? grants : [], payload: null }
  } catch (cause) {
    if (cause instanceof CountersignError) return UNREAD
    throw cause
  }
}

async function signersOf(db: Kysely<Schema>, made: readonly Gesture[]): Promise<DelegationTerms['signers']> {
  if (made.length === 0) return []
  const handles = made.map(({ rev }) => rev)
  const rows = await db.selectFrom('people').select(['id', 'rev']).where('rev', 'in', handles).execute()
  return made.map(({ rev, role }) => ({ person: rows.find((row) => row.rev === rev)?.id ?? rev, role }))
}
