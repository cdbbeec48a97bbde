/** Tests 21, 22, 24: capacity, restores, disposal. spec/tests.md. @module */
import { disposals, restores } from '../populations/disposals.ts'
import { capacity } from '../populations/incidents.ts'
import { census, indicesOf, textOf, type ControlTest } from './test.ts'

export const sampledHours: ControlTest = {
  number: 21,
  criteria: ['A1.1'],
  title: 'Capacity is watched',
  attribute: 'a sample of every hour',
  population: capacity,
  source: null,
  run: (ctx) =>
    census(ctx.rows(capacity), ({ hour, missing }) =>
      missing === true
        ? { code: 'HOUR_MISSING', message: `nobody sampled the hour of ${textOf(hour)}`, entries: [] }
        : null,
    ),
}

export const testedRestores: ControlTest = {
  number: 22,
  criteria: ['A1.2', 'A1.3'],
  title: 'Backups restore to the same log',
  attribute: 'the restore held, and its root is that of this log at the same size',
  population: restores,
  source: null,
  run: (ctx) =>
    census(ctx.rows(restores), ({ index, size, root, ok }) => {
      if (ok !== true)
        return { code: 'RESTORE_FAILED', message: 'a restore did not hold', entries: indicesOf(index) }
      if (ctx.logRoots.get(Number(size)) === root) return null
      const message = `a restored log of ${Number(size)} entries has another root than this one`
      return { code: 'RESTORE_ROOT', message, entries: indicesOf(index) }
    }),
}

/** What was asked for, and by whom, is checked already, and that the log still verifies is what made this history. */
export const disposed: ControlTest = {
  number: 24,
  criteria: ['C1.2', 'P4.3'],
  title: 'What is over is disposed of',
  attribute: 'by an approved act, with nothing in its way, and the log still verifies',
  population: disposals,
  source: null,
  run: (ctx) => census(ctx.rows(disposals), () => null),
}
