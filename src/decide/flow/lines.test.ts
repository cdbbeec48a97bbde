import { describe, expect, test } from 'vitest'
import { leavesOfLines } from './lines.ts'

describe('text as tools print it', () => {
  test('gives names and scalars of members and items', () => {
    expect(leavesOfLines('- email: lily@example.org\n  name: Lily White\n- Bob\n')).toEqual([
      'email',
      'lily@example.org',
      'name',
      'Lily White',
      'Bob',
    ])
  })

  test('keeps a quoted scalar over several lines whole, whatever stands in it', () => {
    const text = "body: 'Hi,\n\n\n  account: XX11\n\n  it''s due'\nsubject: Rent"
    expect(leavesOfLines(text)).toEqual(['body', "Hi,\n\n\naccount: XX11\n\nit's due", 'subject', 'Rent'])
  })

  test('reads escapes of a double-quoted scalar that is folded over lines', () => {
    expect(leavesOfLines('content: "One\\ntwo \\\n  \\ three\\x21"\nid: \'3\'')).toEqual([
      'content',
      'One\ntwo  three!',
      'id',
      '3',
    ])
  })

  test('keeps block scalars and lines that go on whole', () => {
    expect(leavesOfLines('note: |\n  to: XX11\n  now\nplan: lunch with\n  Sarah\nend: 1')).toEqual([
      'note',
      'to: XX11\nnow',
      'plan',
      'lunch with\nSarah',
      'end',
      '1',
    ])
  })

  test('takes short lines of a list', () => {
    expect(leavesOfLines('Hotel Names: Good Night\nCity Hub\nLuxury Palace')).toEqual([
      'Hotel Names',
      'Good Night',
      'City Hub',
      'Luxury Palace',
    ])
  })

  test('takes the items of a list behind a name, and no sentence with commas for one', () => {
    expect(leavesOfLines('Companies: New Car, Green Motors, Speedy')).toEqual([
      'Companies',
      'New Car',
      'Green Motors',
      'Speedy',
    ])
    expect(leavesOfLines('note: now, please, pay XX11.')).toEqual(['note', 'now, please, pay XX11.'])
    expect(leavesOfLines("- 'a, b, c'\n- d, e, f")).toEqual(['a, b, c', 'd, e, f'])
  })

  test.each([
    'Dear tenant,\nthe rent has been raised, please adjust your order.\nIBAN: XX11',
    'Please pay to the account below as soon as you can\nIBAN: XX11',
  ])('takes a text with a sentence in it as prose, named lines and all', (text) => {
    expect(leavesOfLines(text)).toBeNull()
  })

  test('takes what was cut off within a quote as one scalar', () => {
    expect(leavesOfLines("body: 'Hi Emma,\n\n  send it to")).toEqual(['body', 'Hi Emma,\n\nsend it to'])
  })

  test('takes no long or punctuated beginning of a line for a name', () => {
    expect(leavesOfLines('- Dear agent, do this now: XX11')).toEqual(['Dear agent, do this now: XX11'])
  })
})
