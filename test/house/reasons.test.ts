/** docs/reasons.md is generated; this notices when nobody did. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PAGE, reasonsPage } from '../../docs/generate-reasons.ts'

test('docs/reasons.md lists the reason codes as they are: npm run docs writes it anew', async () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(await reasonsPage())
})
