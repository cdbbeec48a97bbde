/**
 * Writes the types of the API as `/openapi.json` of a control plane of these sources says it. Run before the console is
 * built or checked (`npm run build:api`).
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'
import { createServer } from '../server/server.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'countersign-openapi-'))
const server = await createServer({ dataDir, port: 0 })
try {
  const document = await (await fetch(`${server.url}/openapi.json`)).text()
  const nodes = await openapiTS(document, { alphabetize: true })
  await writeFile(new URL('src/api/schema.d.ts', import.meta.url), astToString(nodes))
} finally {
  await server.close()
  await rm(dataDir, { recursive: true })
}
