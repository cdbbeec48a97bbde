/** What the words of the ceremony's page are, as types: it is plain JavaScript that other pages share. @module */
import { isWhatItShows as isWhole } from '../../../server/pages/shown.js'
import { viewOf as viewOfQuestion } from '../../../server/pages/words.js'

export interface Row {
  readonly label: string
  readonly lines: readonly string[]
  /** The identifier behind the lines. */
  readonly id?: string
}

export interface View {
  readonly title: string
  readonly lead: string
  readonly sections: readonly {
    readonly heading: string
    readonly rows: readonly Row[]
    readonly note?: string
  }[]
}

export interface Question {
  readonly kind: 'gesture'
  readonly shown: { readonly tag: string; readonly value: unknown; readonly disclosures?: readonly string[] }
  readonly challenge: string
  readonly names: Readonly<Record<string, string>>
  /** `rev`: the handle that a delegation names the person by. */
  readonly person: { readonly id: string; readonly name: string | null; readonly rev?: string | null }
  readonly log: { readonly origin: string; readonly simulated: boolean }
}

export function viewOf(question: Question): View {
  // No command line asks here, and what the act is about stands on the screen behind the dialog.
  return viewOfQuestion({ ...question, entry: null, jkt: undefined }) as View
}

/** Whether the challenge is the digest of all that is shown, disclosures included (CER-3). */
export const isWhatItShows = isWhole as unknown as (
  challenge: string,
  shown: Question['shown'],
) => Promise<boolean>
