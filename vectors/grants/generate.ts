/**
 * Makes the vectors of spec/grants.md: `node vectors/grants/generate.ts` writes them, bit for bit as they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Grant } from '../../src/token/grant.ts'
import { BASE, WIDER, WITHIN } from '../delegation/cases/narrowing.ts'
import { ALLOWED, DENIED, type CallCase } from './calls.ts'
import type { VectorCall } from './call.ts'
import { INSIDE, OUTSIDE } from './within.ts'

export interface WithinVector {
  readonly name: string
  readonly description: string
  readonly child: Grant
  readonly parent: Grant
  readonly within: boolean
}

export interface AllowsVector {
  readonly name: string
  readonly description: string
  readonly grant: Grant
  readonly call: VectorCall
  /** True, or the reason code of the denial. */
  readonly allows: true | string
}

export function withinVectors(): WithinVector[] {
  const make =
    (within: boolean) =>
    ([name, description, parent, child]: (typeof WITHIN)[number]): WithinVector => ({
      name: `${within ? 'within' : 'wider'}-${name}`,
      description,
      child: { ...BASE, ...child },
      parent: { ...BASE, ...parent },
      within,
    })
  return [...[...WITHIN, ...INSIDE].map(make(true)), ...[...WIDER, ...OUTSIDE].map(make(false))]
}

export function allowsVectors(): AllowsVector[] {
  const make =
    (code?: string) =>
    ([name, description, grant, call]: CallCase): AllowsVector => ({
      name: `${code === undefined ? 'allowed' : 'denied'}-${name}`,
      description,
      grant: { ...BASE, ...grant },
      call: {
        server: 'files',
        tool: 'read',
        args: {},
        resources: null,
        label: null,
        amounts: {},
        ...call,
      },
      allows: code ?? true,
    })
  return [...ALLOWED.map(make()), ...Object.entries(DENIED).flatMap(([code, cases]) => cases.map(make(code)))]
}

/** The text of a file of vectors: one a line. */
export function fileText(vectors: readonly object[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, 'within.json'), fileText(withinVectors()))
  writeFileSync(join(import.meta.dirname, 'allows.json'), fileText(allowsVectors()))
}
