/** A notice as somebody edits it: without the digest of its text, which is computed from the text. @module */
import { z } from 'zod'
import { noticeSchema } from '../../../../../src/core/consent.ts'
import { toBase64url } from '../../../../server/pages/shown.js'

/** Characters of a text; its bytes are counted by the register. */
const TEXT_CHARS_MAX = 65_536

export const noticeForm = z.strictObject({
  notice: noticeSchema.omit({ text_hash: true }),
  text: z.string().min(1).max(TEXT_CHARS_MAX),
})

/** Begins with the newest one, or with an example. */
export function noticeStart(newest: { notice: object; text: string | null } | undefined): unknown {
  if (newest === undefined)
    return {
      notice: {
        v: 1,
        name: '',
        version: '1',
        language: 'en',
        jurisdiction: 'EU',
        controller: '',
        contact: '',
        purposes: [],
        categories: [],
      },
      text: '',
    }
  const { text_hash: _computed, ...notice } = newest.notice as Record<string, unknown>
  return { notice, text: newest.text ?? '' }
}

export async function withHash(value: unknown): Promise<unknown> {
  const { notice, text } = noticeForm.parse(value)
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return { notice: { ...notice, text_hash: toBase64url(digest) }, text }
}
