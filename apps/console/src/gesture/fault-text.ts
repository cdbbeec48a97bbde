/** What went wrong with a gesture or a request, in a sentence. @module */
import { ApiFault } from '../api/client.ts'
import { words } from '../words/words.ts'
import { PasskeyError } from './passkey.ts'

export function faultText(error: unknown): string {
  if (error instanceof PasskeyError) return words.gesture.faults[error.kind]
  if (error instanceof ApiFault) return `${error.message} (${error.code})`
  return error instanceof Error ? error.message : words.states.unknown
}
