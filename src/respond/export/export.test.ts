/** What is exported; test/vectors/ocsf.test.ts holds it against the definitions of OCSF. */
import { describe, expect, test } from 'vitest'
import type { Notice, ToldAlert } from '../../ports/notifier.ts'
import { syslogMessage } from '../notify/syslog.ts'
import { cefOf } from './cef.ts'
import { detectionFinding } from './ocsf.ts'

const TIME = Date.parse('2026-03-01T12:00:00.000Z')
const ALERT: ToldAlert = {
  id: 'alt_7',
  rule: 'SEQUENCE_GAP',
  severity: 'high',
  subject: 'pnt_a',
  status: 'open',
  disposition: null,
  canary: false,
  count: 1,
  first: TIME,
  last: TIME,
  triage_until: TIME + 1,
  detail: { epoch: 1, why: 'a=b|c\\d\ne' },
  entries: [3, 4],
}
const notice = (alert: Partial<ToldAlert> = {}, event: Notice['event'] = 'raised'): Notice => ({
  id: 'n',
  event,
  time_ms: TIME,
  now_ms: TIME,
  alert: { ...ALERT, ...alert },
  iss: 'cs.example',
  url: 'https://cs.example',
})

describe('an OCSF event', () => {
  const stories = [
    notice(),
    notice({ count: 10 }),
    notice({ status: 'acknowledged' }, 'acknowledged'),
    notice({ status: 'closed', disposition: 'false' }, 'closed'),
    notice({ status: 'closed', disposition: 'resolved', subject: null }, 'closed'),
    notice({ canary: true }),
  ].map(detectionFinding)

  test('says what happened to the alert', () => {
    expect(stories.map(({ activity_id, status, is_alert }) => [activity_id, status, is_alert])).toEqual([
      [1, 'New', true],
      [2, 'New', true],
      [2, 'In Progress', true],
      [3, 'Suppressed', true],
      [3, 'Resolved', true],
      [1, 'New', false],
    ])
  })
})

describe('a CEF event', () => {
  /** The header has seven bars that no backslash precedes; what follows is `name=value` with `=`, `\` and line ends escaped. */
  function parsed(line: string): { header: string[]; fields: Record<string, string> } {
    const parts = line.split(/(?<!\\)\|/)
    const extension = parts.slice(7).join('|')
    const names = [...extension.matchAll(/(?:^| )(\w+)=/g)]
    const fields = names.map(({ 0: found, 1: name = '', index }, at) => {
      const end = names[at + 1]?.index ?? extension.length
      const value = extension.slice(index + found.length, end)
      return [name, value.replaceAll('\\n', '\n').replaceAll('\\=', '=').replaceAll('\\\\', '\\')] as const
    })
    return { header: parts.slice(0, 7), fields: Object.fromEntries(fields) }
  }

  test('is read back as it was, whatever stands in it', () => {
    const line = cefOf(notice())
    expect(line).not.toContain('\n')
    const { header, fields } = parsed(line)
    expect(header).toEqual([
      'CEF:0',
      'Countersign',
      'Countersign',
      '1',
      'SEQUENCE_GAP',
      'receipts of an enforcement point are missing',
      '8',
    ])
    expect(fields).toMatchObject({
      externalId: 'alt_7',
      cnt: '1',
      rt: String(TIME),
      cs1: 'pnt_a',
      msg: 'epoch=1; why=a=b|c\\d\ne',
    })
  })
})

test('a syslog message is one line, whatever stands in it', () => {
  for (const format of ['text', 'cef', 'ocsf'] as const) {
    const text = new TextDecoder().decode(syslogMessage(format, notice()))
    expect(text).not.toMatch(/[\r\n]/)
    expect(text.startsWith('<107>1 2026-03-01T12:00:00')).toBe(true)
  }
})
