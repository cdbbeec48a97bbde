/**
 * The page of a ceremony: plain files, each under its own path, and a policy that lets nothing else run.
 * spec/people.md (CER-5). What it shows and how it checks that is in `pages/`.
 * @module
 */
import { readFileSync } from 'node:fs'
import { ApiError } from './errors.ts'

const TYPES = {
  'consent.css': 'text/css; charset=utf-8',
  'consent.html': 'text/html; charset=utf-8',
  'consent.js': 'text/javascript; charset=utf-8',
  'consent-choices.js': 'text/javascript; charset=utf-8',
  'consent-steps.js': 'text/javascript; charset=utf-8',
  'acts.js': 'text/javascript; charset=utf-8',
  'approval.html': 'text/html; charset=utf-8',
  'approval.css': 'text/css; charset=utf-8',
  'approval.js': 'text/javascript; charset=utf-8',
  'attest.html': 'text/html; charset=utf-8',
  'attest.css': 'text/css; charset=utf-8',
  'call.js': 'text/javascript; charset=utf-8',
  'subject.html': 'text/html; charset=utf-8',
  'subject.css': 'text/css; charset=utf-8',
  'subject.js': 'text/javascript; charset=utf-8',
  'subject-passkey.js': 'text/javascript; charset=utf-8',
  'subject-record.js': 'text/javascript; charset=utf-8',
  'subject-words.js': 'text/javascript; charset=utf-8',
  'visible.js': 'text/javascript; charset=utf-8',
  'ceremony.html': 'text/html; charset=utf-8',
  'ceremony.css': 'text/css; charset=utf-8',
  'ceremony.js': 'text/javascript; charset=utf-8',
  'element.js': 'text/javascript; charset=utf-8',
  'grants.js': 'text/javascript; charset=utf-8',
  'labels.js': 'text/javascript; charset=utf-8',
  'plain.js': 'text/javascript; charset=utf-8',
  'preview.html': 'text/html; charset=utf-8',
  'preview.css': 'text/css; charset=utf-8',
  'preview.js': 'text/javascript; charset=utf-8',
  'preview-ask.js': 'text/javascript; charset=utf-8',
  'preview-parts.js': 'text/javascript; charset=utf-8',
  'preview-talk.js': 'text/javascript; charset=utf-8',
  'preview-views.js': 'text/javascript; charset=utf-8',
  'review.html': 'text/html; charset=utf-8',
  'review.css': 'text/css; charset=utf-8',
  'review.js': 'text/javascript; charset=utf-8',
  'review-ends.js': 'text/javascript; charset=utf-8',
  'review-parts.js': 'text/javascript; charset=utf-8',
  'shown.js': 'text/javascript; charset=utf-8',
  'words.js': 'text/javascript; charset=utf-8',
}

/** No inline script, no other origin, no frame, and text never becomes markup. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const parts = new Map(
  Object.entries(TYPES).map(([name, type]) => [
    name,
    { type, text: readFileSync(new URL(`pages/${name}`, import.meta.url), 'utf8') },
  ]),
)

/** Of every page that asks a person for a gesture, and of what it is made of. */
export const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'publickey-credentials-create=(self), publickey-credentials-get=(self)',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** @throws {ApiError} `NOT_FOUND` */
export function pageText(name: string): string {
  const part = parts.get(name)
  if (part === undefined) throw new ApiError('NOT_FOUND', 'no such part of the page')
  return part.text
}

/** @throws {ApiError} `NOT_FOUND` */
export function pageFile(name: string): Response {
  const part = parts.get(name)
  if (part === undefined) throw new ApiError('NOT_FOUND', 'no such part of the page')
  return new Response(part.text, { headers: { ...PAGE_HEADERS, 'content-type': part.type } })
}
