import { defineConfig } from 'vitest/config'
import { SummaryReporter } from './test/house/summary-reporter.ts'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'apps/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    reporters: ['default', new SummaryReporter()],
    testTimeout: 30_000,
    hookTimeout: 30_000,
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
