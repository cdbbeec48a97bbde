/**
 * Whether a call may touch the data of whom its arguments name. spec/consent.md (CNS-26). Pure.
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import type { ToolLabel } from '../../core/label.ts'
import { findBasis } from './find.ts'
import { argumentCategories, everyCategory } from './personal.ts'
import { subjectsOfArguments, TOO_MANY, type Resolve } from './subjects.ts'
import { Tally } from './tally.ts'
import type { BasisView, Who } from './types.ts'

export interface ArgumentsInput {
  /** Personal. */
  readonly label: ToolLabel
  readonly args: JsonObject
  /** Of the grants; null: there are none (CNS-24). */
  readonly purposes: readonly string[] | null
  /** Whether what the tool answers comes by, so that records without a basis are taken out of it. */
  readonly isSeen: boolean
  readonly resolve: Resolve
  readonly view: BasisView
}

export interface JudgedArguments {
  readonly tally: Tally
  /** Whom the arguments name; empty where nobody is. */
  readonly subjects: readonly Who[]
}

export function judgeArguments({
  label,
  args,
  purposes,
  isSeen,
  resolve,
  view,
}: ArgumentsInput): JudgedArguments {
  const tally = new Tally()
  const subjects = subjectsOfArguments(label, args, resolve)
  if (subjects === TOO_MANY) {
    tally.lacks({ subject: null, purpose: null, reason: 'BASIS_LIMIT' })
    return { tally, subjects: [] }
  }
  if (purposes === null) {
    tally.lacks({ subject: null, purpose: null, reason: 'PURPOSE_OUTSIDE' })
    return { tally, subjects }
  }
  if (isUnresolved(label, subjects, isSeen))
    tally.lacks({ subject: null, purpose: null, reason: 'SUBJECT_UNRESOLVED' })
  const categories = isSeen ? argumentCategories(label) : unseenCategories(label)
  for (const who of subjects)
    for (const purpose of purposes) {
      tally.found(who, purpose, findBasis(view, who, { purpose, categories }))
      if (tally.isFull) return { tally, subjects }
    }
  return { tally, subjects }
}

/** CNS-26, CNS-36: nobody is named, and nothing that comes by will name them. */
function isUnresolved(
  { result: { subject } }: ToolLabel,
  subjects: readonly Who[],
  isSeen: boolean,
): boolean {
  if (!isSeen && subject?.split('/').includes('*') === true) return true
  return subjects.length === 0 && (subject === undefined || !isSeen)
}

/** What comes back by another way is handed over whole (ENF-5). */
function unseenCategories(label: ToolLabel): string[] {
  const all = everyCategory(label)
  return all.length > 0 ? all : argumentCategories(label)
}
