/** Unpacks Chromium with its libraries and fonts into `TMPDIR`; chromium.ts runs it. @module */
import chromium from '@sparticuz/chromium'

await chromium.executablePath()
