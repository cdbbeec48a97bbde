/** What every {@link TaintFile} keeps. spec/flow.md (FLW-17). @module */
import { describe, expect, test } from 'vitest'
import type { TaintFile } from '../../src/ports/taint-file.ts'

/** @param create gives, for each test, a way to open the same empty file again */
export function taintFileContract(name: string, create: () => Promise<() => Promise<TaintFile>>): void {
  describe(`taint file: ${name}`, () => {
    test('has nothing at first, and then what was saved last', async () => {
      const open = await create()
      const first = await open()
      expect(first.kept).toBeNull()
      await first.save('one')
      await first.save('{"b":"é€😀"}')
      expect((await open()).kept).toBe('{"b":"é€😀"}')
    })
  })
}
