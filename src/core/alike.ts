/**
 * Identifiers that are written otherwise and often work the same: a number with zeros before it, an address with a tag.
 * spec/consent.md (CNS-43). Two of them are two identifiers; whoever knows one knows that the other may be the same person.
 * @module
 */
import type { Crypto } from './crypto.ts'
import { SUBJECT_KEY_BYTES } from './consent.ts'
import { taggedText } from './digest.ts'
import { base64url, utf8 } from './encoding.ts'

const ALIKE_TAG = 'countersign-alike-v1'
/** Digits, with what people put between them. */
const NUMBER = /^[\d\s()./+-]*\d[\d\s()./+-]*$/
const TAGGED_ADDRESS = /^([^@+]+)\+[^@]*@([^@]+)$/

/** @param folded as CNS-10 folds it. @returns itself where nothing is to be left out */
export function plainOf(folded: string): string {
  if (NUMBER.test(folded)) return folded.replaceAll(/\D/g, '').replace(/^0+(?=\d)/, '')
  return folded.replace(TAGGED_ADDRESS, '$1@$2')
}

/** By which points find out that an identifier looks like one that is registered. @param plain of {@link plainOf} */
export function alikeKey(crypto: Crypto, indexKey: Uint8Array, system: string | null, plain: string): string {
  const mac = crypto.hmacSha256(indexKey, utf8(taggedText(ALIKE_TAG, [system, plain])))
  return base64url(mac.subarray(0, SUBJECT_KEY_BYTES))
}
