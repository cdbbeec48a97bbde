/**
 * Whether a git server takes a push: every commit that a protected ref gains is attested. spec/carriers.md (CAR-14 to
 * CAR-17). Pure: the repository is a port.
 * Invariant: what cannot be read is refused, and what was never judged is never taken for judged.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../../core/crypto.ts'
import { ROLES } from '../../core/output.ts'
import type { NewHash } from '../digest.ts'
import { BUNDLE_BYTES_MAX } from '../statement.ts'
import { pinnedKeys } from '../verify.ts'
import { COMMIT_TOO_LARGE, judgeCommit, type Refused, type Trust } from './commit.ts'
import { COMMIT_BYTES_MAX } from './trailer.ts'

export const NOTES_REF = 'refs/notes/countersign'
const COMMITS_MAX = 1000
/** Refs of one push: each is asked about by processes of its own. */
const REFS_MAX = 1000
/** Commits whose notes are read together. */
const AT_ONCE = 64

const ref = z
  .string()
  .max(256)
  .regex(/^refs\/[^\s~^:?*[\\]+(?:\/\*)?$/)
const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const refuseOrAllow = z.enum(['refuse', 'allow']).default('refuse')

/** CAR-14. */
export const pushPolicySchema = z.strictObject({
  v: z.literal(1),
  refs: z.array(ref).min(1).max(64),
  keys: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/))
    .min(1)
    .max(16),
  role: z.enum(ROLES).default('directed'),
  independent: z.boolean().default(false),
  since: z.array(objectId).max(64).default([]),
  merges: z.enum(['attested', 'clean']).default('attested'),
  force: refuseOrAllow,
  delete: refuseOrAllow,
  commits_max: z.int().min(1).max(100_000).default(COMMITS_MAX),
})
export type PushPolicy = z.infer<typeof pushPolicySchema>

export type PushCode =
  Refused | 'FORCED_PUSH' | 'NOTES_REWRITTEN' | 'NOT_A_COMMIT' | 'PUSH_TOO_LARGE' | 'REF_DELETED'

/** A line of a `pre-receive` hook. Null: there is none before, or none after. */
export interface PushedRef {
  readonly ref: string
  readonly from: string | null
  readonly to: string | null
}

/** Why a push is refused: a ref, and the commit where it is one commit's fault. */
export interface PushRefusal {
  readonly ref: string
  readonly commit?: string
  readonly code: PushCode
  readonly message: string
}

/** What a repository answers while a push waits. Every method throws where git cannot answer. */
export interface PushedTo {
  /** Refs as they are before the push. */
  refs(): ReadonlyMap<string, string>
  /** The ref that a push to this name moves: where it is a symbolic one, the last that it leads to, be it there or not. */
  leadsTo(name: string): string
  /** The commit that an object is or leads to. */
  commitOf(id: string): string | null
  /** At most `max` commits that `to` reaches and `from` does not, newest first. */
  gained(to: readonly string[], from: readonly string[], max: number): readonly string[]
  isAncestor(ancestor: string, of: string): boolean
  /** Objects one after another; null: larger than `bytes_max`. */
  read(ids: readonly string[], bytes_max: number): Iterable<readonly [string, Uint8Array | null]>
  /** Of a notes ref: the blob of each commit. */
  notesOf(id: string): ReadonlyMap<string, string>
  /** Whether a merge of two has the tree that git makes of them without a conflict. */
  isCleanMerge(commit: string): boolean
}

export function judgePush(
  crypto: Crypto,
  newHash: NewHash,
  policy: PushPolicy,
  given: readonly PushedRef[],
  repository: PushedTo,
): readonly PushRefusal[] {
  if (given.length > REFS_MAX)
    return given.slice(0, 1).map(({ ref: name }) => tooLarge(name, REFS_MAX, 'refs'))
  const before = repository.refs()
  const pushed = given.map((each) => ({ ...each, ref: repository.leadsTo(each.ref) }))
  const moved = pushed.filter(({ ref: name }) => isProtected(policy, name))
  const notes = notesAfter(pushed, before, repository)
  const refusals = [...notes.refusals, ...moved.flatMap((each) => movement(policy, each, repository))]
  if (refusals.length > 0) return refusals
  const heads = [...before].filter(([name]) => isProtected(policy, name)).map(([, id]) => id)
  const known = [...heads, ...policy.since].flatMap((id) => repository.commitOf(id) ?? [])
  const gained = gainedBy(policy, moved, known, repository)
  if ('code' in gained) return [gained]
  return gained.commits.flatMap(([name, commits]) =>
    judgeCommits(crypto, newHash, policy, name, commits, notes.blobs, repository),
  )
}

export function isProtected({ refs }: Pick<PushPolicy, 'refs'>, name: string): boolean {
  return refs.some((each) => (each.endsWith('/*') ? name.startsWith(each.slice(0, -1)) : name === each))
}

/** CAR-16: of a protected ref, before any commit is looked at. */
function movement(
  policy: PushPolicy,
  { ref: name, from, to }: PushedRef,
  repository: PushedTo,
): PushRefusal[] {
  if (to === null)
    return policy.delete === 'allow'
      ? []
      : [{ ref: name, code: 'REF_DELETED', message: 'this ref is not deleted here' }]
  const next = repository.commitOf(to)
  if (next === null) return [{ ref: name, code: 'NOT_A_COMMIT', message: 'it leads to no commit' }]
  const last = from === null ? null : repository.commitOf(from)
  if (last === null || policy.force === 'allow' || repository.isAncestor(last, next)) return []
  return [
    {
      ref: name,
      code: 'FORCED_PUSH',
      message: 'commits would be taken away: merge or rebase, and push again',
    },
  ]
}

/** CAR-16: the notes as the push makes them, or why it may not. */
function notesAfter(
  pushed: readonly PushedRef[],
  before: ReadonlyMap<string, string>,
  repository: PushedTo,
): { readonly blobs: ReadonlyMap<string, string>; readonly refusals: readonly PushRefusal[] } {
  const own = pushed.find(({ ref: name }) => name === NOTES_REF)
  const kept = before.get(NOTES_REF)
  const old = kept === undefined ? new Map<string, string>() : repository.notesOf(kept)
  if (own === undefined) return { blobs: old, refusals: [] }
  const refused = (message: string): { blobs: typeof old; refusals: PushRefusal[] } => ({
    blobs: old,
    refusals: [{ ref: NOTES_REF, code: 'NOTES_REWRITTEN', message }],
  })
  if (own.to === null) return refused('the notes of attestations are not deleted')
  if (kept !== undefined && !repository.isAncestor(kept, own.to))
    return refused('the notes only go forwards: fetch refs/notes/countersign, and add to it')
  const blobs = repository.notesOf(own.to)
  const changed = [...old].find(([commit, blob]) => blobs.get(commit) !== blob)
  return changed === undefined
    ? { blobs, refusals: [] }
    : refused(`the note of ${changed[0]} would be changed`)
}

/** Each commit once, with the first ref that gains it: all refs together are one push. */
function gainedBy(
  { commits_max }: PushPolicy,
  moved: readonly PushedRef[],
  known: readonly string[],
  repository: PushedTo,
): PushRefusal | { readonly commits: readonly (readonly [string, readonly string[]])[] } {
  const seen = [...known]
  const all: [string, readonly string[]][] = []
  let left = commits_max
  for (const { ref: name, to } of moved) {
    if (to === null) continue
    const commits = repository.gained([to], seen, left + 1)
    if (commits.length > left) return tooLarge(name, commits_max, 'commits')
    left -= commits.length
    seen.push(to)
    all.push([name, commits])
  }
  return { commits: all }
}

function tooLarge(name: string, max: number, what: 'refs' | 'commits'): PushRefusal {
  const raise = what === 'commits' ? ', or raise commits_max' : ''
  return {
    ref: name,
    code: 'PUSH_TOO_LARGE',
    message: `over ${max} ${what} at once: push them in parts${raise}`,
  }
}

function judgeCommits(
  crypto: Crypto,
  newHash: NewHash,
  policy: PushPolicy,
  name: string,
  commits: readonly string[],
  notes: ReadonlyMap<string, string>,
  repository: PushedTo,
): PushRefusal[] {
  const { role, independent, keys } = policy
  const trust: Trust = {
    keysFor: (bundle) => pinnedKeys(crypto, bundle, keys),
    wanted: { role, independent },
  }
  const refusals: PushRefusal[] = []
  for (let at = 0; at < commits.length; at += AT_ONCE) {
    const some = commits.slice(at, at + AT_ONCE)
    const blobs = new Map(
      repository.read([...new Set(some.flatMap((id) => notes.get(id) ?? []))], BUNDLE_BYTES_MAX),
    )
    for (const [commit, raw] of repository.read(some, COMMIT_BYTES_MAX)) {
      const note = blobs.get(notes.get(commit) ?? '') ?? null
      const answer = raw === null ? COMMIT_TOO_LARGE : judgeCommit(crypto, newHash, { raw, note }, trust)
      if (answer.ok || (policy.merges === 'clean' && repository.isCleanMerge(commit))) continue
      refusals.push({ ref: name, commit, code: answer.code, message: answer.message })
    }
  }
  return refusals
}
