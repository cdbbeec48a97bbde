/** Our own vectors of spec/flow.md: what was read, a call, and what speaks against it. @module */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { toolLabelSchema, type Integrity, type ToolLabel } from '../../src/core/label.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { FlowMemory } from '../../src/decide/flow/memory.ts'
import { judgeFlow } from '../../src/decide/flow/rules.ts'
import type { Basis, NamedPolicy } from '../../src/decide/flow/types.ts'

interface Vector {
  readonly name: string
  readonly reads: readonly {
    readonly label: ToolLabel | null
    readonly args?: JsonObject
    readonly content: readonly (string | JsonObject)[]
    readonly integrity?: Integrity
  }[]
  readonly instruction: string | null
  readonly label: ToolLabel | null
  readonly args: JsonObject
  readonly policies?: readonly NamedPolicy[]
  readonly expect: {
    readonly reasons: readonly string[]
    readonly basis: readonly (Pick<Basis, 'rule' | 'argument' | 'provenance'> & {
      readonly objects: boolean
    })[]
  }
}

const textOf = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../vectors', name), 'utf8')
const vectors = JSON.parse(textOf('flow/judge.json')) as Vector[]

describe('the vectors of flow', () => {
  test.each(vectors)('judge.json: $name', ({ reads, policies = [], expect: expected, ...call }) => {
    for (const label of [call.label, ...reads.map((read) => read.label)])
      if (label !== null) expect(toolLabelSchema.safeParse(label).success).toBe(true)
    const memory = new FlowMemory()
    for (const [i, read] of reads.entries())
      memory.note({ action: `act_${i}`, server: 's', tool: 'read', ...read })
    const { reasons, basis } = judgeFlow({ server: 's', tool: 't', memory, policies, ...call })
    expect(reasons).toEqual(expected.reasons)
    expect(
      basis.map(({ rule, argument, provenance, verdict }) => ({
        rule,
        argument,
        provenance,
        objects: verdict === 'objects',
      })),
    ).toEqual(expected.basis)
  })

  test('are many, of either answer, under names of their own', () => {
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
    expect(vectors.filter((each) => each.expect.reasons.length === 0).length).toBeGreaterThanOrEqual(20)
    expect(vectors.filter((each) => each.expect.reasons.length > 0).length).toBeGreaterThanOrEqual(20)
    expect(textOf('README.md')).toContain(`| ${vectors.length} `)
  })
})
