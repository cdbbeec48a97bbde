/** What every {@link StatementLog} keeps. spec/kill.md (KIL-3). @module */
import { describe, expect, test } from 'vitest'
import type { StatementLog } from '../../src/ports/statement-log.ts'

/** @param create gives, for each test, a way to open the same empty log again after it was closed */
export function statementLogContract(name: string, create: () => Promise<() => Promise<StatementLog>>): void {
  describe(`statement log: ${name}`, () => {
    test('is empty at first, and has what was appended, in order, when it is opened again', async () => {
      const open = await create()
      const first = await open()
      expect(first.kept).toEqual([])
      for (const text of ['{"a":1}', '{"b":"é€😀"}', 'x'.repeat(48 * 1024)]) await first.append(text)
      await first.close()
      const second = await open()
      expect(second.kept).toEqual(['{"a":1}', '{"b":"é€😀"}', 'x'.repeat(48 * 1024)])
      await second.append('more')
      await second.close()
      const third = await open()
      expect(third.kept.at(-1)).toBe('more')
      await third.close()
    })
  })
}
