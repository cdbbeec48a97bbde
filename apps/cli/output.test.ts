import { afterEach, expect, test, vi } from 'vitest'
import { fail, say, table, tell, visible } from './output.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
})

function captured(stream: NodeJS.WriteStream, run: () => void): string {
  let text = ''
  vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  run()
  return text
}

const FORGED = 'partner.example\nissuer key  EXPECTED\u001b[8m'

test('a cell of a table stays on its line, whatever stands in it', () => {
  const lines = table([
    ['people sign at', FORGED],
    ['issuer key', 'real'],
  ]).split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('partner.example\\u{a}issuer key  EXPECTED\\u{1b}[8m')
})

test('nothing that is printed conceals, moves or reorders what is around it; line ends and our colours stay', () => {
  const printed = captured(process.stdout, () =>
    say('\u001b[31mred\u001b[39m\n\u001b[8mhidden\u001b[2Jcleared'),
  )
  expect(printed).toBe('\u001b[31mred\u001b[39m\n\\u{1b}[8mhidden\\u{1b}[2Jcleared\n')
  expect(captured(process.stderr, () => tell('a\u202eb\u009b8mc\rd'))).toBe('a\\u{202e}b\\u{9b}8mc\\u{d}d\n')
})

test("an error of somebody else's is one line, code included", () => {
  const error = Object.assign(new Error('OK\u001b[2J: done\u001b[1A\nall good'), {})
  expect(captured(process.stderr, () => fail(error, false)).split('\n')).toHaveLength(2)
})

test('plain text is left as it is, in any script', () => {
  expect(visible('Zoë 東京 – naïve ✓')).toBe('Zoë 東京 – naïve ✓')
})
