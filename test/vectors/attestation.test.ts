/** Our own vectors of attestations and roles, and that they are what their generator makes. @module */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { LineMeasurer, measure } from '../../src/provenance/digest.ts'
import { ATTESTATION_CODES, ProvenanceError } from '../../src/provenance/errors.ts'
import { roleOf } from '../../src/provenance/roles.ts'
import { readBundle } from '../../src/provenance/statement.ts'
import { pinnedKeys, verifyAttestation, type Given } from '../../src/provenance/verify.ts'
import { attestationVectors, fileText, type AttestationVector } from '../../vectors/attestation/generate.ts'
import { roleCases, type RoleCase } from '../../vectors/attestation/roles.ts'

const textOf = (path: string): string => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8')
const read = <T>(name: string): T[] => JSON.parse(textOf(`vectors/attestation/${name}`)) as T[]
const newHash = () => createHash('sha256')

/** As the command line does it: read, measure in the form, verify; a second look at line endings. */
function answerTo(vector: AttestationVector): object {
  try {
    const { kids, ...key } = vector.trust
    const bundle = readBundle(utf8(vector.bundle))
    const pinned = pinnedKeys(nodeCrypto, bundle, kids)
    const keys = new Map([...pinned].map(([kid, one]) => [kid, { ...one, ...key }]))
    const given = vector.given === null ? null : givenOf(vector.given)
    const answer = verifyAttestation(nodeCrypto, { bundle, keys, given, known: vector.known })
    if (!answer.ok) return { ok: false, code: answer.code }
    const { role, independent, human, name } = answer
    return { ok: true, role, independent, human, name }
  } catch (error) {
    if (error instanceof ProvenanceError) return { ok: false, code: error.code }
    throw error
  }
}

function givenOf({ content, form, ...rest }: NonNullable<AttestationVector['given']>): Given {
  const lines = new LineMeasurer(newHash)
  lines.update(utf8(content))
  return { ...rest, ...measure(form, utf8(content), newHash), lines: lines.end() }
}

describe('attestations', () => {
  const vectors = read<AttestationVector>('statements.json')

  test.each(vectors)('$name', (vector) => {
    expect(answerTo(vector)).toEqual(vector.expect)
  })

  test('there is one for each code', () => {
    const codes = new Set(vectors.map(({ expect: { code } }) => code))
    expect(ATTESTATION_CODES.filter((code) => !codes.has(code))).toEqual([])
    expect(vectors.filter(({ expect: { ok } }) => ok === true).length).toBeGreaterThanOrEqual(15)
  })
})

describe('roles', () => {
  test.each(read<RoleCase>('roles.json'))('case $case: $what', ({ evidence, role, human }) => {
    expect(roleOf(evidence)).toEqual(role === null ? null : { role, human })
  })

  test('the page has the twenty cases with these answers', () => {
    const page = textOf('spec/attestation.md')
    expect(roleCases.length).toBe(20)
    for (const one of roleCases)
      expect(page).toMatch(
        new RegExp(
          `\\| ${one.case} +\\| ${escaped(one.what)} +\\| ${one.role ?? 'none'} +\\| ${escaped(one.why)}`,
        ),
      )
  })
})

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

test('no two have one name', () => {
  const vectors = attestationVectors()
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
})

test('they are as many as their page says', () => {
  for (const count of [attestationVectors().length, roleCases.length])
    expect(textOf('vectors/README.md')).toMatch(new RegExp(`attestation/.*\\| ${count} +\\|`))
})

test('they are made again bit by bit', () => {
  expect(textOf('vectors/attestation/statements.json')).toBe(fileText(attestationVectors()))
  expect(textOf('vectors/attestation/roles.json')).toBe(fileText(roleCases))
})
