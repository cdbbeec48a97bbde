/**
 * Writes spec/dpv.json: the terms that consents, bases and labels may name, each with its broader ones. For who reads the
 * pages and not our code. spec/consent.md (CNS-1): `npm run docs`.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { broaderTerms, DPV_VERSION } from '../src/core/dpv.ts'

export const TERMS_FILE = join(import.meta.dirname, '../spec/dpv.json')

export function termsText(): string {
  const lines = (terms: Readonly<Record<string, readonly string[]>>): string =>
    Object.entries(terms)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([term, above]) => `    ${JSON.stringify(term)}: ${JSON.stringify([...above].sort())}`)
      .join(',\n')
  const { purposes, categories } = broaderTerms()
  return `{\n  "version": "${DPV_VERSION}",\n  "purposes": {\n${lines(purposes)}\n  },\n  "categories": {\n${lines(categories)}\n  }\n}\n`
}

if (import.meta.main) writeFileSync(TERMS_FILE, termsText())
