/** Logs that attest what they have no evidence for, or let go what a gate should have held. spec/attestation.md (ATT-30) */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { OutputPolicy, Role } from '../../core/output.ts'
import { rfc3339 } from '../../core/time.ts'
import { commitTo } from '../../log/commitment.ts'
import type { EntryBody } from '../../log/entries.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const KIND = 'letter'
const digest = (letter: string): string => letter.repeat(43)

class Desk {
  readonly log = new LogBuilder().company()
  readonly policy: number
  readonly output = this.log.id('out', 'one')

  constructor(edit: Partial<OutputPolicy['kinds'][number]> = {}) {
    const reviewers = [{ person: this.log.id('per', BOB), trained_until: '2099-01-01T00:00:00.000Z' }]
    const kind = {
      kind: KIND,
      tools: [],
      minimum: 'supervised' as const,
      release: 'gate' as const,
      reviewers,
      owner: this.log.id('per', ALICE),
      ...edit,
    }
    const policy: OutputPolicy = { v: 1, separation: 'independent', kinds: [kind] }
    const id = this.log.id('opl', 'one')
    const proposal = this.log.add('output_policy.proposed', this.by(ALICE), id, { policy })
    const act = {
      act: 'output_policy.approve',
      policy: id,
      proposal,
      approver: this.log.id('per', BOB),
    } as const
    this.policy = this.log.add('output_policy.approved', this.by(BOB), id, {
      act,
      gesture: this.gesture(BOB, act),
      acted_alone: false,
    })
  }

  by(name: string) {
    return { kind: 'person', id: this.log.id('per', name) } as const
  }

  gesture(name: string, act: object) {
    return this.log.gesture(name, 'approver', challengeOf(nodeCrypto, ACT_TAG, act as never))
  }

  rev(name: string): string {
    return this.log.people.get(name)!.rev
  }

  register(composition: EntryBody<'output.registered'>['composition'] = null, output = this.output): number {
    const nobody = { system: null, jti: null, agent: null, draft: null, calls: [] }
    return this.log.add('output.registered', this.by(ALICE), output, {
      kind: KIND,
      form: 'text',
      ...nobody,
      composition,
    })
  }

  act(by = BOB, role: Role = 'supervised', statement = digest('A'), output = this.output) {
    return { act: 'output.attest', output, statement, role, approver: this.rev(by) } as const
  }

  open(by = BOB, name = 'one'): string {
    const review = this.log.id('rvw', name)
    this.log.add('review.opened', this.by(by), review, { output: this.output })
    return review
  }

  review(by = BOB, edit: Partial<EntryBody<'review.decided'>> = {}, name = 'one'): string {
    const review = this.open(by, name)
    const act = this.act(by)
    const body = {
      output: this.output,
      decision: 'attest' as const,
      flagged: false,
      act,
      gesture: this.gesture(by, act),
    }
    this.log.add('review.decided', this.by(by), review, { ...body, ...edit })
    return review
  }

  issue(edit: Partial<EntryBody<'attestation.issued'>> = {}, by = BOB, name = 'one'): number {
    const role = edit.role ?? 'supervised'
    const act = this.act(by, role, edit.statement)
    const body = {
      output: this.output,
      role,
      independent: false,
      human: this.rev(by),
      statement: digest('A'),
      kid: this.log.kid('issuer'),
      policy: this.policy,
      issued_at: rfc3339(this.log.clock.now()),
      review: null,
      instruction: null,
      predecessor: null,
      act,
      gesture: this.gesture(by, act),
    }
    return this.log.add('attestation.issued', this.by(by), this.log.id('att', name), { ...body, ...edit })
  }

  release(attestation: string | null = this.log.id('att', 'one')): number {
    return this.log.add('output.released', this.by(ALICE), this.output, { attestation })
  }

  async faults(): Promise<[string, number | undefined][]> {
    const { report } = await verifyPack(nodeCrypto, await this.log.pack(), this.log.vkey)
    return report.faults.map(({ code, index }) => [code, index])
  }
}

test('a review before the release, by somebody whom the policy lets, holds', async () => {
  const desk = new Desk()
  desk.register()
  desk.issue({ review: desk.review() })
  desk.release()
  expect(await desk.faults()).toEqual([])
})

test('who wrote enough of it is its author', async () => {
  const desk = new Desk()
  desk.register({ by: desk.rev(BOB), human_share: 500 })
  desk.issue({ role: 'authored' })
  desk.release()
  expect(await desk.faults()).toEqual([])
})

describe('an attestation does not hold', () => {
  const cases: [string, string, (desk: Desk) => number][] = [
    ['without a review', 'ATTESTATION_UNPROVEN', (desk) => desk.issue()],
    [
      'on a flagged review',
      'ATTESTATION_UNPROVEN',
      (desk) => desk.issue({ review: desk.review(BOB, { flagged: true }) }),
    ],
    ['on a review that is open', 'ATTESTATION_UNPROVEN', (desk) => desk.issue({ review: desk.open() })],
    [
      'by somebody whom the policy does not name',
      'REVIEWER_INELIGIBLE',
      (desk) => desk.issue({ review: desk.review(ALICE) }, ALICE),
    ],
    [
      'as directed, with a gesture',
      'ATTESTATION_UNPROVEN',
      (desk) => desk.issue({ role: 'directed', review: desk.review() }),
    ],
    [
      'by the gesture over another statement',
      'ATTESTATION_REPLAYED',
      (desk) => desk.issue({ review: desk.review(), act: desk.act(BOB, 'supervised', digest('E')) }),
    ],
    [
      'by the gesture of another person',
      'ATTESTATION_INVALID',
      (desk) => desk.issue({ review: desk.review(), gesture: desk.gesture(ALICE, desk.act()) }),
    ],
    [
      'under a policy that was not in force',
      'ATTESTATION_INVALID',
      (desk) => desk.issue({ review: desk.review(), policy: desk.policy - 1 }),
    ],
    [
      'by a key that nobody logged',
      'KEY_MISMATCH',
      (desk) => desk.issue({ review: desk.review(), kid: digest('A') }),
    ],
    [
      'that is older than its output',
      'ATTESTATION_OLDER',
      (desk) => desk.issue({ review: desk.review(), issued_at: '2020-01-01T00:00:00.000Z' }),
    ],
    [
      'that says independent of nobody',
      'ATTESTATION_UNPROVEN',
      (desk) => desk.issue({ review: desk.review(), independent: true }),
    ],
    ['of an author who wrote too little', 'ATTESTATION_UNPROVEN', (desk) => desk.issue({ role: 'authored' })],
    [
      'that names another as the one before',
      'ATTESTATION_INVALID',
      (desk) => desk.issue({ review: desk.review(), predecessor: 'att_x' }),
    ],
  ]
  test.each(cases)('%s', async (_, code, bend) => {
    const desk = new Desk()
    desk.register({ by: desk.rev(BOB), human_share: 499 })
    const index = bend(desk)
    expect(await desk.faults()).toEqual([[code, index]])
  })

  test('by who had left before', async () => {
    const desk = new Desk()
    desk.register()
    const review = desk.review()
    desk.log.revoke('person', desk.rev(BOB))
    const index = desk.issue({ review })
    expect(await desk.faults()).toEqual([['ATTESTATION_INVALID', index]])
  })

  test('of what had left before the review, and the gate should have held it', async () => {
    const desk = new Desk()
    desk.register()
    const released = desk.release(null)
    const index = desk.issue({ review: desk.review() })
    expect(await desk.faults()).toEqual([
      ['OUTPUT_UNATTESTED', released],
      ['ATTESTATION_UNPROVEN', index],
    ])
  })

  test('once it was withdrawn: the gate holds again', async () => {
    const desk = new Desk()
    desk.register()
    desk.issue({ review: desk.review() })
    desk.log.add('attestation.withdrawn', desk.by(ALICE), desk.log.id('att', 'one'), { reason: 'wrong' })
    const index = desk.release(null)
    expect(await desk.faults()).toEqual([['OUTPUT_UNATTESTED', index]])
  })
})

test('what is covered may leave without one', async () => {
  const desk = new Desk({ release: 'cover' })
  desk.register()
  desk.release(null)
  expect(await desk.faults()).toEqual([])
})

test('a review is decided once, by who opened it', async () => {
  const desk = new Desk()
  desk.register()
  const review = desk.open()
  const body = { output: desk.output, decision: 'refuse' as const, flagged: false }
  const other = desk.log.add('review.decided', desk.by(ALICE), review, body)
  desk.log.add('review.decided', desk.by(BOB), review, body)
  const again = desk.log.add('review.decided', desk.by(BOB), review, body)
  expect(await desk.faults()).toEqual([
    ['REVIEW_INVALID', other],
    ['REVIEW_INVALID', again],
  ])
})

describe('a seeded error', () => {
  const seeded = (desk: Desk, output = desk.output) => {
    const { commitment, opening } = commitTo(nodeCrypto, desk.output)
    const seed = desk.log.id('sed', 'one')
    const commitments = { seed: commitment }
    desk.log.add('seed.committed', desk.by(ALICE), seed, { kind: KIND }, (entry) => ({
      ...entry,
      commitments,
    }))
    const salt = 'salt' in opening ? opening.salt : ''
    return () =>
      desk.log.add('seed.revealed', { kind: 'system', id: 'control-plane' }, seed, {
        output,
        salt,
        outcome: 'missed',
      })
  }

  test('is the one that was committed to before it was there', async () => {
    const desk = new Desk()
    const reveal = seeded(desk)
    desk.register()
    reveal()
    expect(await desk.faults()).toEqual([])
  })

  test('is no other', async () => {
    const desk = new Desk()
    const reveal = seeded(desk, 'out_x')
    desk.register()
    expect(await desk.faults()).toEqual([])
    const index = reveal()
    expect(await desk.faults()).toEqual([['SEED_INVALID', index]])
  })

  test('never leaves, and is none of those that left', async () => {
    const desk = new Desk({ release: 'cover' })
    const reveal = seeded(desk)
    desk.register()
    reveal()
    const released = desk.release(null)
    expect(await desk.faults()).toEqual([['SEED_INVALID', released]])
    const late = new Desk({ release: 'cover' })
    const again = seeded(late)
    late.register()
    late.release(null)
    expect(await late.faults()).toEqual([])
    const index = again()
    expect(await late.faults()).toEqual([['SEED_INVALID', index]])
  })
})
