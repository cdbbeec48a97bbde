/**
 * The narrative of each control: its sentences with the facts of the log in them, what a person approved of it, and what
 * changed. Pure: builder and verifier make the same. spec/narratives.md (NAR-1 to NAR-7).
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { hex } from '../../../core/encoding.ts'
import { canonicalBytes } from '../../../core/json.ts'
import type { Control } from '../../controls/schema.ts'
import type { ReportInput } from '../../report/input.ts'
import { differenceOf, isChanged, type Piece } from './difference.ts'
import { NONE, type Evidence } from './fact.ts'
import { factOf, isSetting, type About } from './facts.ts'
import { Tally } from './tally.ts'
import { partsOf, type Ask, type Part, type Placeholder } from './template.ts'

export interface Sentence {
  readonly text: string
  /** Null: it says what is meant to hold, and no fact of the log. */
  readonly evidence: Evidence | null
}

/** What a person approved, and whether this is still it. */
export interface Approval {
  readonly entry: number
  readonly approver: string
  readonly time: string
  readonly current: boolean
}

export type Difference = readonly (readonly Piece[])[]

export interface Narrative {
  readonly control: Control
  readonly sentences: readonly Sentence[]
  /** What a person approves: of the words and the settings in them, SHA-256, hex (NAR-8). */
  readonly digest: string
  /** The last that a person approved for this control; null: none was. */
  readonly approval: Approval | null
  /** Between the start and the end of the period, in what people decided; null: nothing. */
  readonly inPeriod: Difference | null
  /** Since the earlier pack; null: nothing, or there is none. */
  readonly sinceEarlier: Difference | 'new' | null
}

export function narrativesOf(crypto: Crypto, input: ReportInput): readonly Narrative[] {
  const earlier = new Map(input.earlier?.controls.map((one) => [one.control, one]))
  const tally = new Tally(input, asked(input.catalogue.controls))
  return input.catalogue.controls.map((control) => {
    const about = { control, input, tally }
    const sentences = sentencesOf(about)
    const digest = digestOf(crypto, about)
    const known = earlier.get(control.id)
    return {
      control,
      sentences,
      digest,
      approval: approvalOf(about, digest),
      inPeriod: changed(
        settled(about, input.period.from_ms, () => '…'),
        settled(about, input.period.to_ms, () => '…'),
      ),
      sinceEarlier:
        input.earlier === null
          ? null
          : known === undefined
            ? 'new'
            : changed(
                known.sentences.map(({ text }) => text),
                sentences.map(({ text }) => text),
              ),
    }
  })
}

function changed(before: readonly string[], after: readonly string[]): Difference | null {
  const difference = differenceOf(before, after)
  return isChanged(difference) ? difference : null
}

/** Of a control that has no narrative: its own words, and what its tests came to. */
function templatesOf({ statement, narrative, tests }: Control): readonly string[] {
  if (narrative !== undefined) return narrative
  const owned = 'It is owned by {owner}, and works {frequency}.'
  return [statement, owned, ...tests.map(({ number }) => `Test ${number} came to: {result ${number}}.`)]
}

/** Everything that some sentence asks. */
function asked(controls: readonly Control[]): Ask[] {
  return controls
    .flatMap(templatesOf)
    .flatMap(partsOf)
    .flatMap((part) => (typeof part === 'string' ? [] : [part.ask]))
}

function sentencesOf(about: About): Sentence[] {
  return templatesOf(about.control).map((template): Sentence => {
    const told = partsOf(template).map((part) =>
      typeof part === 'string'
        ? { said: part, evidence: null }
        : factOf(part.ask, about, about.input.period.to_ms),
    )
    const evidence = told.flatMap((one) => (one.evidence === null ? [] : [one.evidence]))
    const text = told.map(({ said }) => said).join('')
    return { text: beginning(text), evidence: evidence.length === 0 ? null : together(evidence) }
  })
}

/** A fact may stand first. */
function beginning(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

function together(evidence: readonly Evidence[]): Evidence {
  const all = <T>(of: (one: Evidence) => readonly T[]): T[] => [...new Set(evidence.flatMap(of))]
  return {
    ...NONE,
    populations: all(({ populations }) => populations),
    tests: all(({ tests }) => tests),
    entries: all(({ entries }) => entries),
    entries_n: Math.max(all(({ entries }) => entries).length, ...evidence.map(({ entries_n }) => entries_n)),
    files: all(({ files }) => files),
  }
}

/** What people decided, in words; in place of what happened, what `open` says. */
function settled(about: About, at_ms: number, open: (placeholder: Placeholder) => string): string[] {
  const word = (part: Part): string => {
    if (typeof part === 'string') return part
    return isSetting(part.ask) ? factOf(part.ask, about, at_ms).said : open(part)
  }
  return templatesOf(about.control).map((template) => beginning(partsOf(template).map(word).join('')))
}

function digestOf(crypto: Crypto, about: About): string {
  const { id, title, statement } = about.control
  const sentences = settled(about, about.input.period.to_ms, ({ source }) => source)
  return hex(crypto.sha256(canonicalBytes({ v: 1, control: id, title, statement, sentences })))
}

/** Of all of the log up to its end: who approves reads the pack before. */
function approvalOf({ control, input: { history } }: About, digest: string): Approval | null {
  const last = history.governance.findLast(
    ({ entry }) => entry.type === 'narrative.approved' && entry.body.act.control === control.id,
  )
  if (last?.entry.type !== 'narrative.approved') return null
  const { act } = last.entry.body
  const current = act.digest === digest
  return { entry: last.index, approver: act.approver, time: last.entry.time, current }
}
