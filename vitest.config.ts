import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { keepTemporaryInMemory } from './test/house/memory-folder.ts'
import { LongestFirst } from './test/house/sequencer.ts'
import { SummaryReporter } from './test/house/summary-reporter.ts'

/** For the processes that tests start, and for Vitest's own: each would otherwise compile its two thousand modules anew. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'countersign-compile-cache')
keepTemporaryInMemory()

/** Where nobody sits who would look, what runs beside a clock gets a second try: each that needed it is named at the end,
 * and is a test or a race to mend. */
const retry = process.env['CI'] === 'true' ? 1 : 0

/** Of processes, browsers and clocks together. */
const TIMED = ['test/browser/**/*.test.ts', 'test/fault/**/*.test.ts', 'test/flow/**/*.test.ts']

export default defineConfig({
  test: {
    // What is pure leaves nothing behind: its files share the modules of a worker. All else has one of its own.
    projects: [
      { extends: true, test: { name: 'src', include: ['src/**/*.test.ts'], isolate: false } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['apps/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...TIMED, '**/node_modules/**'],
          retry,
        },
      },
      { extends: true, test: { name: 'processes', include: TIMED, retry } },
    ],
    setupFiles: ['test/setup.ts'],
    reporters: ['default', new SummaryReporter()],
    // Vitest leaves one core to itself; but tests wait as much as they compute, for processes, timers and disks.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/token/**/*.ts', 'src/decide/**/*.ts', 'src/log/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: {
        'src/core/**': { lines: 95 },
        'src/token/**': { lines: 95 },
        'src/decide/**': { lines: 95 },
        'src/log/**': { lines: 95 },
      },
    },
  },
})
