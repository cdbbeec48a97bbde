/** `npm run build:verifiers`: writes them to dist/verifiers. @module */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { verifierFiles } from './build.ts'

const folder = join(import.meta.dirname, '../../dist/verifiers')
await mkdir(folder, { recursive: true })
const files = await verifierFiles()
for (const [name, text] of files) await writeFile(join(folder, name), text)
process.stdout.write(`${folder}\n${files.get('SHA256SUMS') ?? ''}`)
