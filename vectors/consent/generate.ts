/**
 * Makes the vectors of spec/consent.md: `node vectors/consent/generate.ts` writes them, bit for bit as they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { World } from '../../test/fixtures/tokens.ts'
import type { ConsentProof, ConsentRecord } from '../../src/core/consent.ts'
import type { GivingFault } from '../../src/token/giving.ts'
import { fileText } from '../version/generate.ts'
import { decisionVectors } from './decisions.ts'
import { GIVING, passkey, recordOf, settingOf, type GivingCase, type GivingSetting } from './giving.ts'
import { identifierVectors, withdrawalVectors } from './withdrawals.ts'

export interface GivingVector extends GivingSetting {
  readonly name: string
  readonly description: string
  readonly record: ConsentRecord
  readonly proof: ConsentProof
  readonly expect:
    { readonly ok: true; readonly asserted: boolean } | { readonly ok: false; readonly code: GivingFault }
}

export function givingVectors(): GivingVector[] {
  return GIVING.map(vectorOf)
}

function vectorOf(one: GivingCase): GivingVector {
  const { name, description, expect } = one
  const w = new World(`consent ${name}`)
  const record = recordOf(one.record)
  return {
    name,
    description,
    ...settingOf(w, one, record),
    record,
    proof: (one.proof ?? passkey())(w, record),
    expect:
      expect === 'given' || expect === 'asserted'
        ? { ok: true, asserted: expect === 'asserted' }
        : { ok: false, code: expect },
  }
}

export function consentFiles(): ReadonlyMap<string, string> {
  const { crypto } = new World('consent')
  return new Map([
    ['giving.json', fileText(givingVectors())],
    ['withdrawals.json', fileText(withdrawalVectors(crypto))],
    ['decisions.json', fileText(decisionVectors(crypto))],
    ['identifiers.json', fileText(identifierVectors())],
  ])
}

if (import.meta.main)
  for (const [name, text] of consentFiles()) writeFileSync(join(import.meta.dirname, name), text)
