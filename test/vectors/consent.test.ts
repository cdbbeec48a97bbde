/** Our own vectors of consent, and that they are what their generator makes. @module */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { plainOf } from '../../src/core/alike.ts'
import {
  consentProofSchema,
  consentRecordSchema,
  foldIdentifier,
  handleFor,
  purposeMark,
} from '../../src/core/consent.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { findBasis } from '../../src/decide/basis/find.ts'
import type { Who } from '../../src/decide/basis/types.ts'
import { withdrawalOf } from '../../src/core/withdrawal.ts'
import { givingFault, type GivingFault } from '../../src/token/giving.ts'
import { consentFiles, type GivingVector } from '../../vectors/consent/generate.ts'
import type { DecisionVector } from '../../vectors/consent/decisions.ts'
import type { IdentifierVector, WithdrawalVector } from '../../vectors/consent/withdrawals.ts'

const textOf = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../vectors', name), 'utf8')
const read = <T>(name: string): T[] => JSON.parse(textOf(`consent/${name}`)) as T[]

const giving = read<GivingVector>('giving.json')
const decisions = read<DecisionVector>('decisions.json')
const withdrawals = read<WithdrawalVector>('withdrawals.json')
const identifiers = read<IdentifierVector>('identifiers.json')

function answerTo({ now, rp, subject, notice, managers, known, ...given }: GivingVector): object {
  const record = consentRecordSchema.parse(given.record)
  const proof = consentProofSchema.parse(given.proof)
  const at = {
    crypto: nodeCrypto,
    rp,
    now_s: now,
    subject:
      subject === null
        ? null
        : {
            ...subject,
            passkey:
              subject.passkey === null
                ? null
                : { ...subject.passkey, jwk: publicJwk({ ...subject.passkey.jwk }) },
          },
    notice,
    isKnown: known.includes(record.consent) || known.includes(record.rev),
    manager: (id: string) => {
      const found = managers[id]
      return found === undefined ? null : { ...found, jwk: publicJwk({ ...found.jwk }) }
    },
  }
  const code = givingFault(at, record, proof)
  return code === null ? { ok: true, asserted: proof.type === 'imported' } : { ok: false, code }
}

function whoOf(subject: DecisionVector['subject']): Who {
  if (typeof subject === 'string') return subject
  return {
    subject: subject.subject,
    jurisdiction: subject.jurisdiction,
    minor: subject.minor ?? null,
    consents: subject.consents.map((one) => ({
      ...one,
      explicit: one.explicit ?? false,
      withdrawn: one.withdrawn ?? [],
    })),
  }
}

describe('consents', () => {
  test.each(giving)('giving.json: $name', (vector) => {
    expect(answerTo(vector)).toEqual(vector.expect)
  })

  test('are refused with every code, and given in many ways', () => {
    const codes: Record<GivingFault, true> = {
      CATEGORY_OUTSIDE_NOTICE: true,
      CONDITION_MISSING: true,
      CONSENT_EXPIRED: true,
      CONSENT_PROOF_INVALID: true,
      CONSENT_REPLAYED: true,
      CONSENT_STALE: true,
      CONSENT_SUBJECT_MISMATCH: true,
      MINOR_PROFILING: true,
      NOTICE_MISMATCH: true,
      PARENT_MISSING: true,
      PURPOSE_OUTSIDE_NOTICE: true,
      TERM_UNKNOWN: true,
      UNKNOWN_MANAGER: true,
      UNKNOWN_NOTICE: true,
    }
    const seen = new Set(giving.flatMap(({ expect: said }) => (said.ok ? [] : [said.code])))
    expect([...seen].sort()).toEqual(Object.keys(codes))
    expect(giving.filter(({ expect: said }) => said.ok).length).toBeGreaterThanOrEqual(15)
  })
})

describe('decisions', () => {
  test.each(decisions)('decisions.json: $name', ({ subject, bases, revoked, wanted, ...vector }) => {
    const view = {
      bases: bases.map(({ condition, unregistered = false, ...rest }) => ({
        ...rest,
        condition: condition !== undefined,
        unregistered,
      })),
      isRevoked: (kind: string, handle: string) =>
        revoked.some((one) => one.kind === kind && one.handle === handle),
      mark: (purpose: string) => purposeMark(nodeCrypto, purpose),
      now_s: vector.now,
      isStale: !vector.fresh,
      isCurrent: vector.current,
      consent: vector.consent,
    }
    expect(findBasis(view, whoOf(subject), wanted)).toEqual(vector.expect)
  })
})

describe('withdrawals', () => {
  test.each(withdrawals)(
    'withdrawals.json: $name',
    ({ consent, subject, before, purposes, expect: said }) => {
      const of = consent === null ? { purposes } : withdrawalOf({ ...consent, withdrawn: before }, purposes)
      const handles = (all: readonly string[] | null): string[] =>
        (all ?? [null]).map((one) => handleFor(nodeCrypto, consent?.rev ?? subject, one)).sort()
      const answer =
        'outside' in of
          ? { ok: false, code: 'PURPOSE_OUTSIDE_CONSENT' }
          : { ok: true, kind: consent === null ? 'subject' : 'consent', handles: handles(of.purposes) }
      expect(answer).toEqual(said)
    },
  )
})

describe('identifiers', () => {
  test.each(identifiers)('identifiers.json: $name', ({ value, expect: said }) => {
    const folded = foldIdentifier(value)
    expect(folded === null ? null : { folded, plain: plainOf(folded) }).toEqual(said)
  })
})

test('the files are what their generator makes, and the page counts them', () => {
  for (const [name, text] of consentFiles()) {
    expect(textOf(`consent/${name}`)).toBe(text)
    expect(textOf('README.md')).toMatch(new RegExp(`consent/${name}\`.*\\| ${JSON.parse(text).length} `))
  }
  for (const all of [giving, decisions, withdrawals, identifiers])
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})
