/**
 * Outputs, reviews and attestations: what each states follows from earlier entries, and what a gate holds did not leave
 * without one. spec/attestation.md (ATT-30). Digests, names and time in view are not in the log: not checked here.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { canonicalize } from '../../core/json.ts'
import { isAtLeast, type OutputKind, type OutputPolicy } from '../../core/output.ts'
import { commitmentOf } from '../../log/commitment.ts'
import type { Entry, EntryBody } from '../../log/entries.ts'
import type { RelyingParty } from '../../token/gesture.ts'
import type { History, Indexed } from '../history.ts'
import { actFault } from './acts.ts'
import { roleFault } from './attested-roles.ts'
import type { Fault, Findings } from './report.ts'

type Issued = Entry<'attestation.issued'>
type Of<T extends History['attested'][number]['entry']['type']> = Indexed<Entry<T>>

export interface OutputRecord {
  readonly registered: Of<'output.registered'>
  released: Of<'output.released'> | null
  /** The valid one. */
  attestation: Of<'attestation.issued'> | null
  /** It was revealed to be a seeded error. */
  isSeed: boolean
}

interface ReviewRecord {
  readonly opened: Of<'review.opened'>
  decided: Of<'review.decided'> | null
}

/** What the log says of outputs, as far as one has read it. */
export class Attested {
  readonly outputs = new Map<string, OutputRecord>()
  readonly reviews = new Map<string, ReviewRecord>()
  readonly attestations = new Map<string, Of<'attestation.issued'>>()
  readonly seeds = new Map<string, Of<'seed.committed'>>()
  /** Signatures of gestures that were used, with what they were used for. */
  readonly gestures = new Map<string, string>()
}

/** @returns how many were attested; runs only where the log has outputs */
export function checkAttestations(
  crypto: Crypto,
  history: History,
  rp: RelyingParty,
  findings: Findings,
): void {
  if (history.attested.length === 0) return
  findings.check(
    'outputs left as their policy has it, each attestation on evidence that was there before',
    () => {
      const check = new AttestationCheck(crypto, history, rp)
      for (const logged of history.attested) {
        const fault = check.add(logged)
        if (fault !== null) findings.add({ ...fault, index: logged.index })
      }
      return check.state.attestations.size
    },
  )
}

type Found = Pick<Fault, 'code' | 'message'> | null

class AttestationCheck {
  readonly state = new Attested()
  readonly #crypto: Crypto
  readonly #history: History
  readonly #rp: RelyingParty

  constructor(crypto: Crypto, history: History, rp: RelyingParty) {
    this.#crypto = crypto
    this.#history = history
    this.#rp = rp
  }

  add({ index, entry }: History['attested'][number]): Found {
    const id = entry.subject ?? ''
    switch (entry.type) {
      case 'output.registered':
        return this.#once(this.state.outputs, id, {
          registered: { index, entry },
          released: null,
          attestation: null,
          isSeed: false,
        })
      case 'review.opened':
        return (
          this.#once(this.state.reviews, id, { opened: { index, entry }, decided: null }) ??
          (this.state.outputs.has(entry.body.output)
            ? null
            : { code: 'REVIEW_INVALID', message: `${id} is of no output that was registered` })
        )
      case 'review.decided':
        return this.#decided(id, { index, entry })
      case 'attestation.issued':
        return this.#issued(id, { index, entry })
      case 'attestation.withdrawn':
      case 'attestation.disputed':
        return this.#ended(id)
      case 'output.released':
        return this.#released(id, { index, entry })
      case 'seed.committed':
        return this.#once(this.state.seeds, id, { index, entry })
      case 'seed.revealed':
        return this.#revealed(id, entry.body)
    }
  }

  #once<T>(register: Map<string, T>, id: string, record: T): Found {
    if (register.has(id)) return { code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before` }
    register.set(id, record)
    return null
  }

  #decided(id: string, { index, entry }: Of<'review.decided'>): Found {
    const review = this.state.reviews.get(id)
    const { output, decision, act, gesture, flagged } = entry.body
    const invalid = (why: string): Found => ({
      code: 'REVIEW_INVALID',
      message: `${id} does not hold: ${why}`,
    })
    if (review === undefined || review.decided !== null) return invalid('it was not open')
    if (review.opened.entry.actor.id !== entry.actor.id || review.opened.entry.body.output !== output)
      return invalid('it was opened by another person, or of another output')
    review.decided = { index, entry }
    if (decision === 'refuse')
      return act === undefined && !flagged ? null : invalid('a refusal signs nothing')
    if (act === undefined || gesture === undefined) return invalid('nobody signed it')
    return act.output === output
      ? this.#gestureFault(index, entry.actor.id, { act, gesture })
      : invalid('another act')
  }

  #gestureFault(
    index: number,
    actor: string,
    { act, gesture }: Required<Pick<EntryBody<'review.decided'>, 'act' | 'gesture'>>,
  ): Found {
    const used = this.state.gestures.get(gesture.signature)
    const what = canonicalize(act)
    this.state.gestures.set(gesture.signature, what)
    if (used !== undefined && used !== what)
      return { code: 'ATTESTATION_REPLAYED', message: 'one gesture signs two statements' }
    const fault =
      act.approver === gesture.rev
        ? actFault(this.#crypto, this.#history, this.#rp, { index, actor, by: actor, act, gesture })
        : 'it names another person than who signed'
    return fault === null
      ? null
      : { code: 'ATTESTATION_INVALID', message: `a gesture does not hold: ${fault}` }
  }

  #issued(id: string, { index, entry }: Of<'attestation.issued'>): Found {
    const reused = this.#once(this.state.attestations, id, { index, entry })
    if (reused !== null) return reused
    const output = this.state.outputs.get(entry.body.output)
    const invalid = (why: string): Found => ({ code: 'ATTESTATION_INVALID', message: `${id}: ${why}` })
    if (output === undefined) return invalid('its output was not registered before')
    const before = output.attestation?.entry.subject ?? null
    output.attestation = { index, entry }
    if (Date.parse(entry.body.issued_at) < Date.parse(output.registered.entry.time))
      return { code: 'ATTESTATION_OLDER', message: `${id} is older than its output` }
    if (entry.body.predecessor !== before)
      return invalid('it does not name the one that it takes the place of')
    if (output.isSeed) return { code: 'SEED_INVALID', message: `${id} attests a seeded error` }
    const { kid } = entry.body
    if (!this.#history.keys.some((key) => key.index < index && key.entry.body.kid === kid))
      return { code: 'KEY_MISMATCH', message: `${id} is signed by a key that was not logged before` }
    return this.#signed(index, entry) ?? this.#role(id, { index, entry }, output)
  }

  /** The act is the one over this very statement; a directed one has none. */
  #signed(index: number, { actor, body }: Issued): Found {
    const { act, gesture, role, output, statement, human } = body
    if (role === 'directed') {
      if (act === undefined && gesture === undefined) return null
      return { code: 'ATTESTATION_UNPROVEN', message: 'a directed output has no gesture of its own' }
    }
    if (act === undefined || gesture === undefined)
      return { code: 'ATTESTATION_UNPROVEN', message: 'nobody signed it' }
    const wanted = { act: 'output.attest', output, statement, role, approver: human }
    if (canonicalize(act) !== canonicalize(wanted))
      return { code: 'ATTESTATION_REPLAYED', message: 'the gesture was made for another statement' }
    return this.#gestureFault(index, actor.id, { act, gesture })
  }

  #role(id: string, issued: Of<'attestation.issued'>, output: OutputRecord): Found {
    const { body } = issued.entry
    const inForce = this.#policyAt(issued.index)
    const kind = inForce?.policy.kinds.find((one) => one.kind === output.registered.entry.body.kind)
    if (inForce === null || kind === undefined || inForce.approval !== body.policy)
      return { code: 'ATTESTATION_INVALID', message: `${id} names a policy that was not in force` }
    const review = body.review === null ? null : (this.state.reviews.get(body.review) ?? null)
    return roleFault(this.#crypto, this.#history, { issued, output, review, kind, policy: inForce.policy })
  }

  #ended(id: string): Found {
    const issued = this.state.attestations.get(id)
    const output = issued === undefined ? undefined : this.state.outputs.get(issued.entry.body.output)
    if (output === undefined) return { code: 'ATTESTATION_INVALID', message: `${id} was never issued` }
    if (output.attestation?.entry.subject === id) output.attestation = null
    return null
  }

  #released(id: string, { index, entry }: Of<'output.released'>): Found {
    const output = this.state.outputs.get(id)
    const faulty = (message: string): Found => ({ code: 'OUTPUT_UNATTESTED', message })
    if (output === undefined || output.released !== null)
      return faulty(`${id} was released without being registered, or twice`)
    output.released = { index, entry }
    const valid = output.attestation?.entry ?? null
    if (entry.body.attestation !== (valid?.subject ?? null))
      return faulty(`${id} was released with another attestation than the valid one`)
    if (output.isSeed) return { code: 'SEED_INVALID', message: `${id} is a seeded error, and was released` }
    const kind = this.#kindAt(index, output.registered.entry.body.kind)
    const held = kind?.release === 'gate' && (valid === null || !isAtLeast(valid.body.role, kind.minimum))
    return held
      ? faulty(`${id} left through a gate without an attestation of at least ${kind.minimum}`)
      : null
  }

  #revealed(id: string, { output, salt, outcome }: EntryBody<'seed.revealed'>): Found {
    const seed = this.state.seeds.get(id)
    const record = this.state.outputs.get(output)
    const invalid = (why: string): Found => ({ code: 'SEED_INVALID', message: `${id}: ${why}` })
    if (seed === undefined || commitmentOrNull(this.#crypto, salt, output) !== seed.entry.commitments?.seed)
      return invalid('it is not the output that was committed to')
    if (record === undefined) return outcome === 'unused' ? null : invalid('nobody registered it')
    const isLate =
      record.registered.index < seed.index || record.attestation !== null || record.released !== null
    record.isSeed = true
    return isLate ? invalid('it was there before, or was attested or released') : null
  }

  #kindAt(index: number, kind: string): OutputKind | undefined {
    return this.#policyAt(index)?.policy.kinds.find((one) => one.kind === kind)
  }

  /** In force before an entry. */
  #policyAt(index: number): { readonly policy: OutputPolicy; readonly approval: number } | null {
    const all = this.#history.labels.filter((one) => one.index < index)
    const approved = all.findLast(({ entry }) => entry.type === 'output_policy.approved')
    const proposed = all.find(
      ({ entry }) => entry.type === 'output_policy.proposed' && entry.subject === approved?.entry.subject,
    )
    return approved !== undefined && proposed?.entry.type === 'output_policy.proposed'
      ? { policy: proposed.entry.body.policy, approval: approved.index }
      : null
  }
}

function commitmentOrNull(crypto: Crypto, salt: string, value: string): string | null {
  try {
    return commitmentOf(crypto, { salt, value })
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
