/**
 * A million data subjects at one enforcement point: what each takes of memory, and what it takes to find one and a basis
 * for them. spec/consent.md (CNS-20, CNS-25). The feed is read as a point reads it, page by page, without the network.
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { purposeMark, subjectKey } from '../../src/core/consent.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import { base64url } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import { findBasis } from '../../src/decide/basis/find.ts'
import type { BasisView } from '../../src/decide/basis/types.ts'
import { SubjectFeed } from '../../src/enforce/basis/subject-feed.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { SubjectPage, SubjectRow } from '../../src/ports/subjects.ts'
import { RevocationState } from '../../src/revoke/state.ts'

const SUBJECTS = 1_000_000
const PAGE = 1_000
const LOOKUPS = 200_000
const BATCH = 1_000
const PURPOSES = [`${DPV}Marketing`, `${DPV}ServiceProvision`]
const CATEGORIES = [`${PD}Contact`]
const INDEX_KEY = new Uint8Array(32).fill(9)
/** Seconds: far ahead. */
const EXPIRES = 4_000_000_000

export interface SubjectFigures {
  readonly subjects: number
  /** Of the tables; each subject has one identifier and one consent. */
  readonly bytes_each: number
  /** What the resident memory of the process grew by, garbage of reading included. */
  readonly rss_bytes_each: number
  /** Nanoseconds, medians of batches: an identifier found and its state read; one that nobody has. */
  readonly find_ns: number
  readonly miss_ns: number
  /** A basis for one purpose of somebody who was found, with their withdrawal looked for. */
  readonly basis_ns: number
  /** Of the feed, until it was read to its end. */
  readonly rows_per_s: number
}

export async function benchSubjects(subjects = SUBJECTS, lookups = LOOKUPS): Promise<SubjectFigures> {
  const feed = new SubjectFeed({
    crypto: nodeCrypto,
    clock: systemClock,
    control: { subjects: (after) => Promise.resolve(pageAfter(after, subjects)) },
    isWanted: () => true,
    onFault: (error) => {
      throw error
    },
  })
  const before = process.memoryUsage.rss()
  const begun = performance.now()
  await feed.read()
  const took_s = (performance.now() - begun) / 1000
  const rss_bytes_each = Math.round((process.memoryUsage.rss() - before) / subjects)
  if (feed.size.subjects !== subjects) throw new Error('the feed was not read to its end')
  const view = viewOf()
  const timed = (look: (n: number) => boolean): number => medianNs(lookups, look)
  const folded = (n: number): string => `p${(n * 7919) % subjects}@customer.example`
  const found = Array.from({ length: BATCH }, (_, n) => feed.find(null, folded(n)))
  const wanted = { purpose: PURPOSES[0] ?? '', categories: CATEGORIES }
  return {
    subjects,
    bytes_each: Math.round((feed.size.bytes / subjects) * 10) / 10,
    rss_bytes_each,
    find_ns: timed((n) => feed.find(null, folded(n)) !== null),
    miss_ns: timed((n) => feed.find(null, `nobody${n}`) === null),
    basis_ns: timed((n) => 'basis' in findBasis(view, found[n % BATCH] ?? 'nobody', wanted)),
    rows_per_s: Math.round(subjects / took_s),
  }
}

function pageAfter(after: number, subjects: number): SubjectPage {
  const first = after + 1
  const end = Math.min(first + PAGE, subjects)
  const rows = Array.from({ length: end - first }, (_, i) => rowOf(first + i))
  return { index_key: base64url(INDEX_KEY), rows, bases: null, next: end - 1, more: end < subjects }
}

function rowOf(n: number): SubjectRow {
  const now = Date.now()
  const consent = {
    id: newId(nodeCrypto, 'cns', now),
    rev: newId(nodeCrypto, 'rev', now),
    purposes: PURPOSES,
    categories: CATEGORIES,
    exp: EXPIRES,
  }
  const key = subjectKey(nodeCrypto, INDEX_KEY, null, `p${n}@customer.example`)
  return { subject: newId(nodeCrypto, 'dsb', now), jurisdiction: 'EU', keys: [key], consents: [consent] }
}

/** Nothing is revoked, and each time it is looked for. */
function viewOf(): BasisView {
  const frameKey = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
  const state = new RevocationState({ crypto: nodeCrypto, frameKey, clock: systemClock })
  const marks = new Map<string, string>()
  return {
    bases: [],
    isRevoked: (kind, handle) => state.isRevoked({ kind, handle }),
    mark: (purpose) => {
      const mark = marks.get(purpose) ?? purposeMark(nodeCrypto, purpose)
      marks.set(purpose, mark)
      return mark
    },
    now_s: Math.floor(Date.now() / 1000),
    isStale: false,
    isCurrent: true,
    consent: null,
  }
}

function medianNs(lookups: number, look: (n: number) => boolean): number {
  const took: number[] = []
  for (let first = 0; first < lookups; first += BATCH) {
    const begun = performance.now()
    for (let n = first; n < first + BATCH; n++) if (!look(n)) throw new Error('not what was looked for')
    took.push(((performance.now() - begun) * 1e6) / BATCH)
  }
  return Math.round(took.sort((a, b) => a - b)[took.length >> 1] ?? 0)
}
