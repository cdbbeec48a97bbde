import { describe, expect, test } from 'vitest'
import { ROLES } from '../../../src/core/output.ts'
import { ATTESTATION_CODES } from '../../../src/provenance/errors.ts'
// @ts-expect-error plain JavaScript for browsers
import { plain } from './attest-words.js'

interface Words {
  title: string
  body: string
  rows: { label: string; lines: string[]; id?: string }[]
}
const words = plain as (shown: object) => Words

const GOOD = {
  ok: true,
  role: 'supervised',
  independent: true,
  human: 'rev_1',
  name: 'Ada\u202e Example',
  chain: 'dlg_1',
  agent: 'agt_1',
  model: null,
  kind: 'customer_letter',
  issued_at: '2026-09-21T14:19:20.000Z',
  iss: 'https://issuer.example',
  id: 'att_1',
  kid: 'K',
  review: { in_view_ms: 180_000, length: 55, edit_distance: 12 },
}

describe('the words of the page of attestations', () => {
  test.each([...ATTESTATION_CODES, 'ATTESTATION_MISSING', 'CARRIER_MALFORMED'])('know %s', (code) => {
    expect(words({ ok: false, code, message: '' }).title).not.toBe('It does not hold')
  })

  test.each([...ROLES])('say what %s means', (role) => {
    const { title, body } = words({ ...GOOD, role })
    expect(title).toMatch(/(wrote|reviewed|directed) this$/)
    expect(body.length).toBeGreaterThan(20)
  })

  test('let nothing in a name hide or turn around what stands beside it', () => {
    const { title, rows } = words(GOOD)
    expect(title).toBe(String.raw`Ada\u{202e} Example reviewed this`)
    expect(JSON.stringify(rows)).not.toContain('\u202e')
    expect(rows.find(({ label }) => label === 'Review')?.lines).toEqual([
      '3 minutes in view, for 55 characters',
      '12 characters changed since the draft',
    ])
  })

  test('say so where the name is not disclosed, and where no agent took part', () => {
    const { title, rows } = words({ ...GOOD, name: null, chain: null, agent: null, review: null })
    expect(title).toContain('not disclosed')
    expect(rows.find(({ label }) => label === 'Who set the task')?.lines).toEqual(['no agent took part'])
  })
})
