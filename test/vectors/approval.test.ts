/** Our own vectors of decisions about held calls and of version statements, and that they are what their generators make. @module */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { approvalSchema } from '../../src/core/approval.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { approvalFault, type ApprovalView } from '../../src/token/approval.ts'
import { issuerOfRecord } from '../../src/token/trust.ts'
import { approvedUntil } from '../../src/token/version.ts'
import { approvalVectors, fileText, type ApprovalVector } from '../../vectors/approval/generate.ts'
import { runChainOf } from '../../vectors/version/cases.ts'
import { versionVectors, type VersionVector } from '../../vectors/version/generate.ts'

const textOf = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../vectors', name), 'utf8')
const read = <T>(name: string): T[] => JSON.parse(textOf(name)) as T[]

/** What a point makes of it: the schema at its edge, and then the rules. */
function decisionOf(vector: ApprovalVector): ApprovalVector['expect'] {
  const { now, trust, alone, behind, left, asked, given } = vector
  const read = approvalSchema.safeParse(given)
  if (!read.success) return null
  const view: ApprovalView = {
    iss: trust.iss,
    frameKey: publicJwk(trust.frame_key),
    rp: trust,
    alone,
    isBehind: (rev) => behind.includes(rev),
    hasLeft: (rev) => left.includes(rev),
    now_ms: now,
  }
  return approvalFault(nodeCrypto, view, asked, read.data) === null ? read.data.act.decision : null
}

function versionOf({ now, trust, chain, reported }: VersionVector): VersionVector['expect'] {
  const issuers = new Map(
    trust.map(({ iss, keys, rp_id, origins }) => {
      const record = { iss, rp_id, origins: [...origins], keys: keys.map((key) => ({ ...key })) }
      return [iss, issuerOfRecord(nodeCrypto, record)] as const
    }),
  )
  const until = approvedUntil(nodeCrypto, issuers, runChainOf(chain), reported, Math.floor(now / 1000))
  if (until === null) return { ok: false, code: 'VERSION_NOT_APPROVED' }
  return { ok: true, until: until === Infinity ? null : until }
}

describe('decisions about held calls', () => {
  const vectors = read<ApprovalVector>('approval/decisions.json')

  test.each(vectors)('$name', (vector) => {
    expect(decisionOf(vector)).toBe(vector.expect)
  })

  test('are of each answer', () => {
    const answers = Map.groupBy(vectors, ({ expect: answer }) => answer)
    expect(answers.get('approve')?.length).toBeGreaterThanOrEqual(5)
    expect(answers.get('refuse')?.length).toBeGreaterThanOrEqual(1)
    expect(answers.get(null)?.length).toBeGreaterThanOrEqual(40)
  })
})

describe('versions that are reported', () => {
  const vectors = read<VersionVector>('version/statements.json')

  test.each(vectors)('$name', (vector) => {
    expect(versionOf(vector)).toEqual(vector.expect)
  })

  test('are of either answer', () => {
    expect(vectors.filter(({ expect: { ok } }) => ok).length).toBeGreaterThanOrEqual(8)
    expect(vectors.filter(({ expect: { ok } }) => !ok).length).toBeGreaterThanOrEqual(20)
  })
})

test('no two of a kind have one name', () => {
  for (const vectors of [approvalVectors(), versionVectors()])
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
})

test('they are as many as their page says', () => {
  for (const count of [approvalVectors().length, versionVectors().length])
    expect(textOf('README.md')).toMatch(new RegExp(`\\| ${count} +\\|`))
})

test('they are made again bit by bit', () => {
  expect(textOf('approval/decisions.json')).toBe(fileText(approvalVectors()))
  expect(textOf('version/statements.json')).toBe(fileText(versionVectors()))
})
